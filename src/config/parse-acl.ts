// The ACL of a peering. Addresses are those before translation: the sender's private ones, and the
// receiver's public ones as the sender uses them.

import { portsOverlap } from "../wire/port.ts";
import { containsPrefix, type Prefix, prefixesOverlap } from "../wire/prefix.ts";
import { type PrefixPorts, prefixPorts } from "../wire/prefix-ports.ts";
import { checkName } from "./check-names.ts";
import type { Acl, AclRule, Expose, Manifest } from "./model.ts";
import { type AclMatch, parseMatch, type Wanted } from "./parse-acl-match.ts";
import type { ParsedVpcs } from "./parse-vpcs.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawAcl, type RawAclRule } from "./shape.ts";

/** What a side offers to ACL rules: prefixes, as private or public addresses. */
type Offered = readonly PrefixPorts[];

export interface AclContext {
  /** The two VPCs; when there are more or less, that has been reported. */
  readonly names: readonly string[];
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
    if (!isMapping(rawRule)) continue;
    checkRuleName(rawRule, names, here);
    const rule = parseRule(rawRule, context, here);
    if (rule) rules.push(rule);
  }
  const denies = raw.default === "deny";
  return { default: denies ? "deny" : "allow", rules, place: at.located.place };
}

function checkRuleName({ name }: RawAclRule, names: Map<string, Located>, at: Reporter): void {
  if (!name || at.at("name").tainted) return;
  checkName(name, "rule", undefined, at.at("name"));
  const other = names.get(name);
  if (other) {
    const message = `Two rules are called "${name}".`;
    at.at("name").say("acl/duplicate-name", message, "Rename one of them.", other);
  } else names.set(name, at.at("name").located);
}

/** Undefined when something is wrong with it, or with what the two sides expose. */
function parseRule(raw: RawAclRule, context: AclContext, at: Reporter): AclRule | undefined {
  const ends = parseDirection(raw, context.names, at);
  const unknown = { from: undefined, to: undefined };
  const match = parseMatch(raw.match, ends ?? unknown, context.vpcs, at.at("match"));
  if (ends === undefined || match === undefined) return undefined;
  const { from, to } = ends;
  const exposed = narrowMatch(match, from, to, context, at.at("match"));
  if (exposed === undefined || at.tainted) return undefined;
  return {
    name: raw.name ?? "",
    from,
    to,
    action: raw.action,
    scope: raw.scope === "packet" ? "packet" : "flow",
    log: raw.log ?? false,
    protocol: match.protocol,
    ...exposed,
    place: at.located.place,
  };
}

/** One of from and to may be left out; it is then the other side. */
function parseDirection(raw: RawAclRule, names: readonly string[], at: Reporter) {
  if (names.length !== 2 || at.at("from").tainted || at.at("to").tainted) return undefined;
  const [left, right] = names as [string, string];
  const choice = `one of ${left} and ${right}`;
  if (!raw.from && !raw.to) {
    at.say("acl/wrong-vpc", "The rule names no VPC.", `Add from or to, ${choice}.`);
    return undefined;
  }
  const strangers = (["from", "to"] as const).filter(
    (key) => raw[key] && !names.includes(raw[key]),
  );
  for (const key of strangers) {
    const message = `${raw[key]} is no side of this peering.`;
    at.at(key).say("acl/wrong-vpc", message, `Use ${choice}.`);
  }
  if (strangers.length > 0) return undefined;
  if (raw.from && raw.from === raw.to) {
    const hint = "Name one side as from and the other as to.";
    at.at("to").say("acl/wrong-vpc", `The rule goes from ${raw.from} to itself.`, hint);
    return undefined;
  }
  const opposite = (name: string) => (name === left ? right : left);
  const from = raw.from || opposite(raw.to!);
  return { from, to: opposite(from) };
}

/** Each end, as far as it is exposed. */
function narrowMatch(
  { source, destination }: AclMatch,
  from: string,
  to: string,
  { sides }: AclContext,
  at: Reporter,
): Pick<AclRule, "source" | "destination"> | undefined {
  const sender = sides?.find(({ vpc }) => vpc === from);
  const receiver = sides?.find(({ vpc }) => vpc === to);
  if (!sender || !receiver) return undefined;
  const sources = narrow(source, offered(sender, "privates"), at.at("src"));
  const destinations = narrow(destination, offered(receiver, "publics"), at.at("dst"));
  return sources && destinations && { source: sources, destination: destinations };
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
function narrow(wanted: readonly Wanted[], all: Offered, at: Reporter): PrefixPorts[] | undefined {
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
