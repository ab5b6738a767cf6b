// What differs between two configurations, in words.

import type { Acl, Config, Expose, Manifest, Peering, Vpc } from "../../config/model.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import type { Work } from "../work.ts";
import { aclRuleName, exposeText } from "./names.ts";
import type { Change, Detail } from "./report.ts";

/** `before` is undefined for a gateway that has none yet. */
export function* changes(before: Config | undefined, after: Config): Work<Change[]> {
  return [
    ...(yield* vpcChanges(before, after)),
    ...(yield* compare("peering", before?.peerings ?? [], after.peerings, peeringDetails)),
    ...settingsChanges(before, after),
  ];
}

type Item = Pick<Vpc | Peering, "name" | "place">;

function* compare<T extends Item>(
  what: "vpc" | "peering",
  before: readonly T[],
  after: readonly T[],
  detailsOf: (old: T, now: T) => Detail[],
): Work<Change[]> {
  const old = new Map(before.map((each) => [each.name, each]));
  const now = new Set(after.map(({ name }) => name));
  const gone = before
    .filter(({ name }) => !now.has(name))
    .map(({ name, place }): Change => ({ kind: "removed", what, name, details: [], place }));
  const others: Change[] = [];
  for (const each of after) {
    yield;
    const { name, place } = each;
    const known = old.get(name);
    const details = known === undefined ? [] : detailsOf(known, each);
    if (known === undefined) others.push({ kind: "added", what, name, details, place });
    else if (details.length > 0) others.push({ kind: "changed", what, name, details, place });
  }
  return [...gone, ...others];
}

function vpcChanges(before: Config | undefined, after: Config): Work<Change[]> {
  const linksOf = (config: Config | undefined, vpc: string) => ({
    attachments: config?.attachments.filter((each) => each.vpc === vpc),
    routes: config?.routes.filter((each) => each.vpc === vpc),
  });
  return compare("vpc", before?.vpcs ?? [], after.vpcs, (old, now) => {
    const [were, are] = [linksOf(before, old.name), linksOf(after, now.name)];
    return [
      ...vpcDetails(old, now),
      ...(same(were.attachments, are.attachments) ? [] : [say("Its attachments change.")]),
      ...(same(were.routes, are.routes) ? [] : [say("Its static routes change.")]),
    ];
  });
}

function vpcDetails(old: Vpc, now: Vpc): Detail[] {
  const addresses = (vpc: Vpc) => vpc.addresses.map(formatIpAddress).join(", ") || "none";
  const facts: [string, string, string][] = [
    ["VNI", `${old.vni}`, `${now.vni}`],
    ["MTU", `${old.mtu}`, `${now.mtu}`],
    ["limit of flows", `${old.flows ?? "none"}`, `${now.flows ?? "none"}`],
    ["addresses of the gateway", addresses(old), addresses(now)],
  ];
  const changed = facts.filter(([, was, is]) => was !== is);
  return [
    ...changed.map(([what, was, is]) => say(`Its ${what}: ${was} becomes ${is}.`)),
    ...(same(old.remote, now.remote) ? [] : [say("Its router behind the underlay changes.")]),
  ];
}

function peeringDetails(old: Peering, now: Peering): Detail[] {
  const vpcs = ({ sides }: Peering) => sides.map(({ vpc }) => vpc).join(" and ");
  if (vpcs(old) !== vpcs(now)) return [say(`It joined ${vpcs(old)}, and now ${vpcs(now)}.`)];
  return [
    ...now.sides.flatMap((side, index) => sideDetails(old.sides[index]!, side)),
    ...aclDetails(old.acl, now.acl),
  ];
}

function sideDetails(old: Manifest, now: Manifest): Detail[] {
  const { vpc } = now;
  const gone = missing(old.exposes, now.exposes);
  const come = missing(now.exposes, old.exposes);
  // The same addresses in the same mode: then it is the options that differ.
  const texts = new Set(gone.map(exposeText));
  const options = come.filter((expose) => texts.has(exposeText(expose)));
  const changed = new Set(options.map(exposeText));
  const hairpin = now.hairpin ? "may" : "may no longer";
  return [
    ...options.map((each) => say(`Options of ${vpc}, ${exposeText(each)}, change.`, each)),
    ...gone
      .filter((each) => !changed.has(exposeText(each)))
      .map((each) => say(`${vpc} no longer exposes ${exposeText(each)}.`, each)),
    ...come
      .filter((each) => !changed.has(exposeText(each)))
      .map((each) => say(`${vpc} now exposes ${exposeText(each)}.`, each)),
    ...(old.hairpin === now.hairpin
      ? []
      : [say(`Hosts of ${vpc} ${hairpin} reach each other by public addresses.`)]),
  ];
}

function say(text: string, about?: Pick<Expose, "place">): Detail {
  return { text, place: about?.place ?? null };
}

/** Those of `some` that `others` has not. */
function missing<T>(some: readonly T[], others: readonly T[]): T[] {
  const known = new Set(others.map(signature));
  return some.filter((each) => !known.has(signature(each)));
}

function aclDetails(old: Acl | undefined, now: Acl | undefined): Detail[] {
  if (old === undefined || now === undefined) {
    if (old === now) return [];
    return [
      say(now ? `It gets an ACL (default ${now.default}).` : "Its ACL goes: all is allowed."),
    ];
  }
  const gone = missing(old.rules, now.rules).map((rule) => ({ rule, verb: "goes" }));
  const come = missing(now.rules, old.rules).map((rule) => ({ rule, verb: "comes" }));
  const changed = [...gone, ...come].map(({ rule, verb }) => {
    const { label } = aclRuleName(rule);
    return say(`ACL ${label} ${verb}.`, rule);
  });
  if (changed.length === 0 && !same(old.rules, now.rules))
    changed.push(say("ACL rules change order."));
  if (old.default === now.default) return changed;
  const rest = `Its ACL denied or allowed the rest (${old.default}); now: ${now.default}.`;
  return [say(rest), ...changed];
}

const SETTINGS = {
  underlay: "The underlay changes.",
  interfaces: "How interfaces are driven changes.",
  icmp: "Which ICMP errors are sent changes.",
  timers: "Times of flows change.",
  fragments: "Limits of fragments change.",
  clampMss: "Whether MSS is clamped changes.",
  flowTableCapacity: "The capacity of the flow table changes.",
} as const;

function settingsChanges(before: Config | undefined, after: Config): Change[] {
  if (before === undefined) return [];
  const keys = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
  const details = keys
    .filter((key) => !same(before[key], after[key]))
    .map((key) => say(SETTINGS[key]));
  if (details.length === 0) return [];
  return [{ kind: "changed", what: "settings", name: "isthmus", details, place: null }];
}

function same(a: unknown, b: unknown): boolean {
  return signature(a) === signature(b);
}

/** Where things stand in a file is no part of what they say. */
const PLACES = new Set(["place", "path", "index"]);

function signature(value: unknown): string {
  const text = JSON.stringify(value, (key, each) => {
    if (PLACES.has(key)) return undefined;
    return typeof each === "bigint" ? `${each}n` : each;
  });
  return text ?? "";
}
