// The ACL of a peering. Addresses are those before translation: the sender's private ones, and the
// receiver's public ones as the sender uses them.

import type { Family } from "../wire/ip-address.ts";
import type { PortRange } from "../wire/port.ts";
import { portsOverlap } from "../wire/port.ts";
import { containsPrefix, type Prefix, parsePrefix, prefixesOverlap } from "../wire/prefix.ts";
import { type PrefixPorts, prefixPorts } from "../wire/prefix-ports.ts";
import type { Acl, AclRule, Expose, Manifest } from "./model.ts";
import type { ParsedVpcs } from "./parse-vpcs.ts";
import { parsePorts } from "./port-list.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawAcl, type RawAclRule } from "./shape.ts";

const TCP = 6;
const UDP = 17;

type RawSide = NonNullable<NonNullable<RawAclRule["match"]>["src"]>;

/** What a side offers to ACL rules: prefixes, as private or public addresses. */
type Offered = readonly PrefixPorts[];

export interface AclContext {
  /** The two VPCs. */
  readonly names: readonly [string, string];
  /** What they expose; undefined when that is wrong, and then only the rest is checked. */
  readonly sides: readonly [Manifest, Manifest] | undefined;
  readonly vpcs: ParsedVpcs;
}

export function parseAcl(raw: RawAcl, context: AclContext, at: Reporter): Acl | undefined {
  if (raw.rules.length === 0) {
    const hint = "Add a rule, or remove the acl.";
    at.at("rules").say("acl/no-rules", "The ACL has no rules.", hint);
    return undefined;
  }
  const names = new Map<string, Located>();
  const rules: AclRule[] = [];
  for (const [index, rawRule] of raw.rules.entries()) {
    const here = at.at("rules", index);
    if (here.tainted || !isMapping(rawRule)) continue;
    checkName(rawRule, names, here);
    const rule = parseRule(rawRule, context, here);
    if (rule) rules.push(rule);
  }
  const denies = raw.default === "deny";
  return { default: denies ? "deny" : "allow", rules, place: at.located.place };
}

function checkName({ name }: RawAclRule, names: Map<string, Located>, at: Reporter): void {
  if (!name) return;
  const other = names.get(name);
  if (other) {
    const message = `Two rules are called "${name}".`;
    at.at("name").say("acl/duplicate-name", message, "Rename one of them.", other);
  } else names.set(name, at.at("name").located);
}

function parseRule(raw: RawAclRule, context: AclContext, at: Reporter): AclRule | undefined {
  const direction = parseDirection(raw, context.names, at);
  const protocol = parseProtocol(raw.match?.proto, at.at("match", "proto"));
  if (direction === undefined) return undefined;
  const { from, to } = direction;
  const match = at.at("match");
  const source = parseSide(raw.match?.src, from, context, match.at("src"));
  const destination = parseSide(raw.match?.dst, to, context, match.at("dst"));
  if (protocol === "wrong" || source === undefined || destination === undefined) return undefined;
  const usesPorts = [...source, ...destination].some(({ ports }) => ports !== undefined);
  if (usesPorts && protocol !== TCP && protocol !== UDP) {
    const message = "The rule asks for ports, but not for tcp or udp.";
    match.say("acl/ports-without-protocol", message, "Add proto: tcp or proto: udp.");
    return undefined;
  }
  if (!checkFamilies(source, destination, match)) return undefined;
  const side = (name: string) => context.sides?.find(({ vpc }) => vpc === name);
  const [sender, receiver] = [side(from), side(to)];
  if (!sender || !receiver) return undefined;
  const sourceSet = narrow(source, offered(sender, "privates"), match.at("src"));
  const destinationSet = narrow(destination, offered(receiver, "publics"), match.at("dst"));
  if (sourceSet === undefined || destinationSet === undefined) return undefined;
  return {
    name: raw.name ?? "",
    from,
    to,
    action: raw.action,
    scope: raw.scope === "packet" ? "packet" : "flow",
    log: raw.log ?? false,
    protocol,
    source: sourceSet,
    destination: destinationSet,
    place: at.located.place,
  };
}

/** One of from and to may be left out; it is then the other side. */
function parseDirection(raw: RawAclRule, sides: readonly [string, string], at: Reporter) {
  const [left, right] = sides;
  const names = `${left} and ${right}`;
  if (!raw.from && !raw.to) {
    const hint = `Add from or to, one of ${names}.`;
    at.say("acl/wrong-vpc", "The rule names no VPC.", hint);
    return undefined;
  }
  for (const key of ["from", "to"] as const) {
    const name = raw[key];
    if (!name || sides.includes(name)) continue;
    const message = `${name} is no side of this peering.`;
    at.at(key).say("acl/wrong-vpc", message, `Use one of ${names}.`);
    return undefined;
  }
  if (raw.from && raw.from === raw.to) {
    const hint = "Name one side as from and the other as to.";
    at.at("to").say("acl/wrong-vpc", `The rule goes from ${raw.from} to itself.`, hint);
    return undefined;
  }
  const opposite = (name: string) => (name === left ? right : left);
  const from = raw.from || opposite(raw.to!);
  return { from, to: opposite(from) };
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

/** An entry of a match: a prefix (all of them when undefined) and ports. */
interface Wanted {
  readonly prefix?: Prefix | undefined;
  readonly ports?: PortRange | undefined;
}

/** Empty means everything; undefined that something is wrong. */
function parseSide(
  raw: RawSide | undefined,
  vpc: string,
  { vpcs }: AclContext,
  at: Reporter,
): Wanted[] | undefined {
  const result: Wanted[] = [];
  let whole = true;
  let everything = false;
  for (const [index, entry] of (raw ?? []).entries()) {
    const here = at.at(index);
    if (entry.cidr !== undefined && entry.vpcSubnet !== undefined) {
      const hint = "Use one of them.";
      here.say("acl/entry-form", "The entry has cidr and vpcSubnet.", hint);
      whole = false;
      continue;
    }
    const prefix = parseEntryPrefix(entry, vpcs, vpc, here);
    const written = parseEntryPorts(entry.ports, here.at("ports"));
    // Beside a prefix, all ports are no restriction; alone they would say nothing.
    const ports = prefix !== undefined && isEveryPort(written) ? undefined : written;
    if (prefix === "wrong" || ports === "wrong") whole = false;
    else if (prefix === undefined && ports === undefined) everything = true;
    else if (ports === undefined) result.push({ prefix });
    else result.push(...ports.map((range) => ({ prefix, ports: range })));
  }
  if (!whole) return undefined;
  return everything ? [] : result;
}

function parseEntryPrefix(
  entry: RawSide[number],
  vpcs: ParsedVpcs,
  vpc: string,
  at: Reporter,
): Prefix | undefined | "wrong" {
  if (entry.cidr !== undefined) {
    const prefix = parsePrefix(entry.cidr);
    if (prefix) return prefix;
    const hint = 'Write address and length, such as "10.0.0.0/24".';
    at.at("cidr").say("acl/bad-prefix", `"${entry.cidr}" is no prefix.`, hint);
    return "wrong";
  }
  if (entry.vpcSubnet === undefined) return undefined;
  const subnets = vpcs.byName.get(vpc)?.subnets;
  const prefix = subnets?.get(entry.vpcSubnet);
  if (prefix) return prefix;
  const known = [...(subnets?.keys() ?? [])].join(", ") || "none";
  const message = `VPC ${vpc} has no subnet "${entry.vpcSubnet}".`;
  at.at("vpcSubnet").say("acl/unknown-subnet", message, `Subnets of ${vpc}: ${known}.`);
  return "wrong";
}

function parseEntryPorts(
  raw: readonly (string | number)[] | undefined,
  at: Reporter,
): PortRange[] | undefined | "wrong" {
  if (raw === undefined) return undefined;
  const lists = raw.map((item) => parsePorts(String(item)));
  if (lists.length === 0 || lists.includes(undefined)) {
    const hint = 'Write ports such as ["80", "8000-8100"].';
    at.say("acl/bad-ports", `${JSON.stringify(raw)} is no list of ports.`, hint);
    return "wrong";
  }
  return lists.flatMap((list) => list ?? []);
}

function isEveryPort(ports: PortRange[] | undefined | "wrong"): boolean {
  if (ports === undefined || ports === "wrong") return false;
  return ports.some(({ first, last }) => first === 0 && last === 65535);
}

function checkFamilies(source: Wanted[], destination: Wanted[], at: Reporter): boolean {
  const families = new Set<Family>();
  for (const { prefix } of [...source, ...destination]) if (prefix) families.add(prefix.family);
  if (families.size <= 1) return true;
  const hint = "Make one rule for IPv4 and one for IPv6.";
  at.say("acl/mixed-families", "The rule mixes IPv4 and IPv6.", hint);
  return false;
}

const EVERYTHING: Offered = [
  { prefix: { family: 4, network: 0n, length: 0 } },
  { prefix: { family: 6, network: 0n, length: 0 } },
];

function offered(manifest: Manifest, side: "privates" | "publics"): Offered {
  return manifest.exposes.flatMap((expose) => offeredBy(expose, side));
}

function offeredBy(expose: Expose, side: "privates" | "publics"): Offered {
  if (expose.kind === "default") return EVERYTHING;
  return side === "publics" && expose.kind === "nat" ? expose.publics : expose.privates;
}

/** What is wanted and offered; undefined when that is nothing. */
function narrow(wanted: Wanted[], all: Offered, at: Reporter): PrefixPorts[] | undefined {
  if (wanted.length === 0) return all.map(({ prefix }) => ({ prefix }));
  const result: PrefixPorts[] = [];
  let narrowed = false;
  for (const { prefix, ports } of wanted) {
    for (const each of all) {
      const both = prefix === undefined ? each.prefix : intersect(prefix, each.prefix);
      if (both === undefined || !portsOverlap(ports, each.ports)) continue;
      if (prefix && both !== prefix) narrowed = true;
      result.push(prefixPorts(both, ports));
    }
  }
  if (result.length === 0) {
    const hint = "Use addresses that this side exposes: private ones as src, public ones as dst.";
    at.say("acl/not-exposed", "The rule matches nothing that is exposed.", hint);
    return undefined;
  }
  if (narrowed) {
    const message = "The rule reaches beyond what is exposed; only the exposed part counts.";
    at.say("acl/narrowed", message, "Write the exposed prefix if that is what you mean.");
  }
  return result;
}

/** Prefixes nest or are apart. */
function intersect(a: Prefix, b: Prefix): Prefix | undefined {
  if (!prefixesOverlap(a, b)) return undefined;
  return containsPrefix(a, b) && a.length < b.length ? b : a;
}
