// What an ACL rule matches: a protocol, and addresses and ports of both ends. Whatever can be read
// is checked, also beside something that is wrong.

import type { Family } from "../wire/ip-address.ts";
import type { PortRange } from "../wire/port.ts";
import { type Prefix, parsePrefix } from "../wire/prefix.ts";
import type { ParsedVpcs } from "./parse-vpcs.ts";
import { parsePorts, portsProblem } from "./port-list.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawAclRule } from "./shape.ts";
import { nearest } from "./suggest.ts";

const TCP = 6;
const UDP = 17;

type RawMatch = NonNullable<RawAclRule["match"]>;
type RawEntry = NonNullable<RawMatch["src"]>[number];

/** An entry of a match: a prefix (all of them when undefined) and ports. */
export interface Wanted {
  readonly prefix?: Prefix | undefined;
  readonly ports?: PortRange | undefined;
}

export interface AclMatch {
  readonly protocol: number | undefined;
  /** Empty means everything. */
  readonly source: readonly Wanted[];
  readonly destination: readonly Wanted[];
}

/** The VPC of each end, as far as the rule says. */
export interface Ends {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Undefined when something is wrong. */
export function parseMatch(
  raw: RawMatch | undefined,
  { from, to }: Ends,
  vpcs: ParsedVpcs,
  at: Reporter,
): AclMatch | undefined {
  const { src, dst, proto }: RawMatch = isMapping(raw) && raw ? raw : {};
  const protocol = at.at("proto").tainted ? "wrong" : parseProtocol(proto, at.at("proto"));
  const source = parseSide(src, from, vpcs, at.at("src"));
  const destination = parseSide(dst, to, vpcs, at.at("dst"));
  const all = [...source.wanted, ...destination.wanted];
  checkPortsHaveProtocol(all, protocol, at);
  checkFamilies(all, at);
  if (protocol === "wrong" || !source.whole || !destination.whole || at.tainted) return undefined;
  return { protocol, source: unlessAll(source.wanted), destination: unlessAll(destination.wanted) };
}

function parseProtocol(
  raw: string | number | undefined,
  at: Reporter,
): number | undefined | "wrong" {
  if (raw === undefined) return undefined;
  const text = String(raw);
  if (text === "tcp") return TCP;
  if (text === "udp") return UDP;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text);
  const hint = text.startsWith("icmp")
    ? 'Use "1" for ICMP, "58" for ICMPv6.'
    : "Use tcp, udp or 0-255.";
  at.say("acl/bad-protocol", `"${text}" is no protocol.`, hint);
  return "wrong";
}

interface Side {
  readonly wanted: readonly Wanted[];
  /** Whether every entry could be read. */
  readonly whole: boolean;
}

function parseSide(
  raw: RawMatch["src"],
  vpc: string | undefined,
  vpcs: ParsedVpcs,
  at: Reporter,
): Side {
  const entries = (Array.isArray(raw) ? raw : []).map((entry, index) =>
    isMapping(entry) ? parseEntry(entry, vpc, vpcs, at.at(index)) : undefined,
  );
  return {
    wanted: entries.flatMap((entry) => entry ?? []),
    whole: !at.tainted && !entries.includes(undefined),
  };
}

function parseEntry(
  entry: RawEntry,
  vpc: string | undefined,
  vpcs: ParsedVpcs,
  at: Reporter,
): Wanted[] | undefined {
  const misshapen = at.tainted;
  const ports = parseEntryPorts(entry.ports, at.at("ports"));
  if (entry.cidr !== undefined && entry.vpcSubnet !== undefined) {
    at.say("acl/entry-form", "The entry has cidr and vpcSubnet.", "Use one of them.");
    return undefined;
  }
  const prefix = parseEntryPrefix(entry, vpc, vpcs, at);
  if (misshapen || prefix === "wrong" || ports === "wrong") return undefined;
  // Beside a prefix, all ports are no restriction; alone they would say nothing.
  if (ports === undefined || (prefix !== undefined && isEveryPort(ports))) return [{ prefix }];
  return ports.map((range) => ({ prefix, ports: range }));
}

function parseEntryPrefix(
  { cidr, vpcSubnet }: RawEntry,
  vpc: string | undefined,
  vpcs: ParsedVpcs,
  at: Reporter,
): Prefix | undefined | "wrong" {
  if (cidr !== undefined) {
    if (at.at("cidr").tainted) return "wrong";
    const prefix = parsePrefix(cidr);
    if (prefix) return prefix;
    const hint = 'Write address and length, such as "10.0.0.0/24".';
    at.at("cidr").say("acl/bad-prefix", `"${cidr}" is no prefix.`, hint);
    return "wrong";
  }
  if (vpcSubnet === undefined) return undefined;
  const subnets = vpc === undefined ? undefined : vpcs.byName.get(vpc)?.subnets;
  // What is wrong with the VPC has been reported.
  if (subnets === undefined || at.at("vpcSubnet").tainted) return "wrong";
  const prefix = subnets.get(vpcSubnet);
  if (prefix) return prefix;
  const guess = nearest(vpcSubnet, subnets.keys());
  const known = [...subnets.keys()].join(", ") || "none";
  const hint = guess ? `Did you mean "${guess}"?` : `Subnets of ${vpc}: ${known}.`;
  const message = `VPC ${vpc} has no subnet "${vpcSubnet}".`;
  at.at("vpcSubnet").say("acl/unknown-subnet", message, hint);
  return "wrong";
}

function parseEntryPorts(raw: RawEntry["ports"], at: Reporter): PortRange[] | undefined | "wrong" {
  if (raw === undefined) return undefined;
  if (!Array.isArray(raw)) return "wrong";
  const hint = 'Write ports such as ["80", "8000-8100"].';
  if (raw.length === 0) at.say("acl/bad-ports", "The list of ports is empty.", hint);
  const ranges = raw.flatMap((item, index) => {
    if (at.at(index).tainted) return [];
    const parsed = parsePorts(String(item));
    if (parsed === undefined) at.at(index).say("acl/bad-ports", portsProblem(item), hint);
    return parsed ?? [];
  });
  return at.tainted ? "wrong" : ranges;
}

function isEveryPort(ports: readonly PortRange[]): boolean {
  return ports.some(({ first, last }) => first === 0 && last === 65535);
}

function checkPortsHaveProtocol(
  all: readonly Wanted[],
  protocol: number | undefined | "wrong",
  at: Reporter,
): void {
  if (protocol === TCP || protocol === UDP || protocol === "wrong") return;
  if (all.every(({ ports }) => ports === undefined)) return;
  const message = "The rule asks for ports, but not for tcp or udp.";
  at.say("acl/ports-without-protocol", message, "Add proto: tcp or proto: udp.");
}

function checkFamilies(all: readonly Wanted[], at: Reporter): void {
  const families = new Set<Family>(all.flatMap(({ prefix }) => prefix?.family ?? []));
  if (families.size <= 1) return;
  const hint = "Make one rule for IPv4 and one for IPv6.";
  at.say("acl/mixed-families", "The rule mixes IPv4 and IPv6.", hint);
}

/** An entry that restricts nothing makes the whole side so. */
function unlessAll(wanted: readonly Wanted[]): readonly Wanted[] {
  return wanted.some(({ prefix, ports }) => prefix === undefined && ports === undefined)
    ? []
    : wanted;
}
