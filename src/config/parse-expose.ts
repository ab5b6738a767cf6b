// One entry of an `expose` list: prefixes, exclusions, ports, mode.

import type { Family } from "../wire/ip-address.ts";
import { exclude, normalise } from "../wire/normalise.ts";
import type { PortRange } from "../wire/port.ts";
import { containsPrefix, formatPrefix, type Prefix, parsePrefix } from "../wire/prefix.ts";
import { formatPrefixPorts, type PrefixPorts, prefixPorts } from "../wire/prefix-ports.ts";
import type { ExposeMode, Variant } from "./expose-mode.ts";
import type { Expose, NatExpose } from "./model.ts";
import type { ParsedVpc } from "./parse-vpcs.ts";
import { parsePorts, portsProblem } from "./port-list.ts";
import type { Reporter } from "./report.ts";
import { reservedReason } from "./reserved-prefixes.ts";
import { isMapping, type RawExpose, type RawPrefixEntry } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** A list as written: what is in, and what is taken out. */
interface Side {
  readonly included: readonly PrefixPorts[];
  readonly excluded: readonly PrefixPorts[];
}

export interface ExposeContext {
  readonly modes: readonly ExposeMode[];
  /** The VPC that exposes; undefined when it is wrong or missing. */
  readonly vpc: ParsedVpc | undefined;
}

/** Exposes of one list entry, none when something is wrong with it. What its shape leaves readable
 * is checked in any case. */
export function parseExpose(
  raw: RawExpose,
  index: number,
  context: ExposeContext,
  at: Reporter,
): Expose[] {
  const common = { index: index + 1, ...at.located };
  if (raw.default === true) {
    return checkDefault(raw, at) && !at.tainted ? [{ kind: "default", ...common }] : [];
  }
  const misshapen = at.tainted;
  const mode = parseMode(raw, context.modes, at.at("nat"));
  const ips = parseSide(raw.ips, at.at("ips"), context);
  const as = parseSide(raw.as, at.at("as"), context);
  if (!misshapen) checkPresence(raw, ips, as, at);
  warnUseless(ips, at.at("ips"));
  warnUseless(as, at.at("as"));
  if (!checkFamilies([ips, as], at)) return [];
  // Without a mode there are no ports but those that are written.
  const variants = mode?.variants.length ? mode.variants : [{ options: {} }];
  return variants.flatMap((variant): Expose[] => {
    const privates = prepare(ips, variant.privatePorts, at.at("ips"));
    const publics = prepare(as, variant.publicPorts, at.at("as"));
    warnOutside(privates ?? [], context.vpc, at.at("ips"));
    if (!privates || at.tainted) return [];
    if (mode === undefined) return [{ kind: "plain", ...common, privates }];
    if (!publics) return [];
    const { protocol, options } = variant;
    const { name } = mode.mode;
    const sides = { privates, publics };
    const expose: NatExpose = { kind: "nat", ...common, mode: name, ...sides, protocol, options };
    const hasExclusions = [ips, as].some((side) => side?.excluded.length);
    mode.mode.check(expose, { hasExclusions }, at);
    return at.tainted ? [] : [expose];
  });
}

function checkDefault(raw: RawExpose, at: Reporter): boolean {
  if (!raw.ips?.length && !raw.as?.length && raw.nat === undefined) return true;
  const hint = "Put addresses and NAT into an expose of their own.";
  at.say("expose/default-with-addresses", "A default expose takes no ips, as or nat.", hint);
  return false;
}

interface ChosenMode {
  readonly mode: ExposeMode;
  readonly variants: readonly Variant[];
}

function parseMode(
  { nat }: RawExpose,
  modes: readonly ExposeMode[],
  at: Reporter,
): ChosenMode | undefined {
  if (!isMapping(nat) || !nat) return undefined;
  const given = modes.filter((mode) => nat[mode.key] !== undefined);
  const [mode] = given;
  if (mode === undefined || given.length > 1) {
    // A mode that is misspelt has been reported.
    if (at.tainted && mode === undefined) return undefined;
    const keys = modes.map(({ key }) => key).join(", ");
    const message = mode
      ? `nat has ${given.length} modes: ${given.map(({ key }) => key).join(", ")}.`
      : "nat has no mode.";
    at.say("expose/one-mode", message, `Use exactly one of ${keys}.`);
    return undefined;
  }
  const options = nat[mode.key];
  return { mode, variants: isMapping(options) ? mode.parse(options, at.at(mode.key)) : [] };
}

function checkPresence(
  raw: RawExpose,
  ips: Side | undefined,
  as: Side | undefined,
  at: Reporter,
): void {
  if (ips?.included.length === 0) {
    const hint = "Add ips with at least one cidr or vpcSubnet.";
    at.say("expose/no-ips", "The expose includes no addresses.", hint);
  }
  if (raw.nat !== undefined && as?.included.length === 0) {
    const hint = "Add as with at least one cidr: what the peer sees instead.";
    at.say("expose/no-as", "The expose has NAT but no public addresses.", hint);
  }
  if (raw.nat === undefined && raw.as !== undefined) {
    const hint = "Add nat with a mode, or remove as.";
    at.at("as").say("expose/as-without-nat", "There are public addresses but no nat.", hint);
  }
}

/** Undefined when an entry is wrong. */
function parseSide(
  raw: readonly RawPrefixEntry[] | undefined,
  at: Reporter,
  context: ExposeContext,
): Side | undefined {
  const included: PrefixPorts[] = [];
  const excluded: PrefixPorts[] = [];
  let whole = !at.tainted;
  for (const [index, entry] of (Array.isArray(raw) ? raw : []).entries()) {
    const parsed = isMapping(entry) ? parseEntry(entry, at.at(index), context) : undefined;
    if (parsed === undefined) whole = false;
    else (entry.not === undefined ? included : excluded).push(...parsed);
  }
  return whole ? { included, excluded } : undefined;
}

function parseEntry(
  entry: RawPrefixEntry,
  at: Reporter,
  context: ExposeContext,
): PrefixPorts[] | undefined {
  const misshapen = at.tainted;
  const keys = (["cidr", "vpcSubnet", "not"] as const).filter((key) => entry[key] !== undefined);
  const [key] = keys;
  const ports = parseEntryPorts(entry.ports, at.at("ports"));
  if (key === undefined || keys.length > 1) {
    // What is missing may stand there under another key.
    if (key === undefined && misshapen) return undefined;
    const message = key ? `The entry has ${keys.join(" and ")}.` : "The entry names no addresses.";
    at.say("expose/entry-form", message, "Use exactly one of cidr, vpcSubnet, not.");
    return undefined;
  }
  const prefix = parseEntryPrefix(key, entry[key]!, at.at(key), context);
  if (misshapen || prefix === undefined || ports === "wrong") return undefined;
  if (ports === undefined) return [{ prefix }];
  return ports.map((range) => prefixPorts(prefix, range));
}

function parseEntryPrefix(
  key: "cidr" | "vpcSubnet" | "not",
  text: string,
  at: Reporter,
  { vpc }: ExposeContext,
): Prefix | undefined {
  if (at.tainted) return undefined;
  if (key !== "vpcSubnet") {
    const prefix = parsePrefix(text);
    if (prefix) return prefix;
    const hint = 'Write address and length, such as "10.0.0.0/24".';
    at.say("expose/bad-prefix", `"${text}" is no prefix.`, hint);
    return undefined;
  }
  // A VPC that is wrong itself has been reported.
  if (vpc === undefined) return undefined;
  const prefix = vpc.subnets.get(text);
  if (prefix) return prefix;
  const guess = nearest(text, vpc.subnets.keys());
  const known = [...vpc.subnets.keys()].join(", ") || "none";
  const hint = guess ? `Did you mean "${guess}"?` : `Subnets of ${vpc.vpc.name}: ${known}.`;
  const message = `VPC ${vpc.vpc.name} has no subnet "${text}".`;
  at.say("expose/unknown-subnet", message, hint);
  return undefined;
}

function parseEntryPorts(
  raw: string | number | undefined,
  at: Reporter,
): readonly PortRange[] | undefined | "wrong" {
  if (raw === undefined) return undefined;
  if (at.tainted) return "wrong";
  const ports = parsePorts(String(raw));
  if (ports === undefined) {
    const hint = 'Write ports such as "80", "8000-8100" or "80,443".';
    at.say("expose/bad-ports", portsProblem(raw), hint);
    return "wrong";
  }
  return checkPortZero(ports, at) ? ports : "wrong";
}

/** Port 0 is not a port (RFC 6335, 6), unless all ports are meant. */
export function checkPortZero(ports: readonly PortRange[], at: Reporter): boolean {
  if (!ports.some(({ first, last }) => first === 0 && last !== 65535)) return true;
  at.say("expose/port-zero", "Port 0 cannot be exposed.", "Start the range at 1.");
  return false;
}

function checkFamilies(sides: readonly (Side | undefined)[], at: Reporter): boolean {
  const all = sides.flatMap((side) => (side ? [...side.included, ...side.excluded] : []));
  const families = new Set<Family>(all.map(({ prefix }) => prefix.family));
  if (families.size <= 1) return true;
  const hint = "Make one expose for IPv4 and one for IPv6.";
  at.say("expose/mixed-families", "The expose mixes IPv4 and IPv6.", hint);
  return false;
}

/** Exclusions applied, ports put on, in normal form; undefined when something is wrong with it. */
function prepare(
  side: Side | undefined,
  ports: readonly PortRange[] | undefined,
  at: Reporter,
): readonly PrefixPorts[] | undefined {
  // That nothing is included has been reported, where something must be.
  if (side === undefined || side.included.length === 0) return undefined;
  let left = exclude(side.included, side.excluded);
  if (ports) left = left.flatMap(({ prefix }) => ports.map((range) => prefixPorts(prefix, range)));
  const result = normalise(left);
  if (result.length === 0) {
    const hint = "Remove exclusions that cover everything included.";
    at.say("expose/nothing-left", "The exclusions leave no address.", hint);
    return undefined;
  }
  for (const { prefix } of result) {
    const reason = reservedReason(prefix);
    if (reason === undefined) continue;
    const hint = 'Leave that block out with "not", or use a default expose.';
    at.say("expose/special-use", `${formatPrefix(prefix)} has ${reason} addresses in it.`, hint);
  }
  return at.tainted ? undefined : result;
}

function warnUseless(side: Side | undefined, at: Reporter): void {
  const { included, excluded } = side ?? { included: [], excluded: [] };
  if (included.length === 0) return;
  for (const hole of excluded) {
    const left = exclude(included, [hole]);
    const same = left.length === included.length && left.every((each) => included.includes(each));
    if (!same) continue;
    const message = `The exclusion ${formatPrefixPorts(hole)} takes nothing out.`;
    at.say("expose/useless-exclusion", message, "Correct or remove it.");
  }
}

/** Hosts outside every subnet of the VPC may exist, but mostly it is a slip. */
function warnOutside(
  privates: readonly PrefixPorts[],
  vpc: ParsedVpc | undefined,
  at: Reporter,
): void {
  if (vpc === undefined || vpc.subnets.size === 0) return;
  const subnets = [...vpc.subnets.values()];
  const stray = privates.find(
    ({ prefix }) =>
      !subnets.some((subnet) => containsPrefix(subnet, prefix) || containsPrefix(prefix, subnet)),
  );
  if (stray === undefined) return;
  const message = `${formatPrefix(stray.prefix)} lies outside every subnet of ${vpc.vpc.name}.`;
  const hint = "Correct the prefix, or add the subnet to the VPC.";
  at.say("expose/outside-subnets", message, hint);
}
