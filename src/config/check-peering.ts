// Rules within a peering: within one side, and between the two.

import type { Family } from "../wire/ip-address.ts";
import { formatPrefixPorts, type PrefixPorts } from "../wire/prefix-ports.ts";
import type { ExposeMode } from "./expose-mode.ts";
import type { Expose, Manifest, NatExpose } from "./model.ts";
import { overlaps } from "./overlap.ts";
import type { Reporter } from "./report.ts";

/** What may open a flow to or from an expose. Plain and default exposes: both sides. */
interface Openness {
  readonly canInitiate: boolean;
  readonly canReceive: boolean;
}

const OPEN: Openness = { canInitiate: true, canReceive: true };

function openness(expose: Expose, modes: readonly ExposeMode[]): Openness {
  if (expose.kind !== "nat") return OPEN;
  return modes.find(({ name }) => name === expose.mode) ?? OPEN;
}

function families(exposes: readonly Expose[]): Set<Family> {
  return new Set(exposes.flatMap((expose) => familyOf(expose) ?? []));
}

/** A default expose has none of its own. */
function familyOf(expose: Expose): Family | undefined {
  return expose.kind === "default" ? undefined : expose.privates[0]?.prefix.family;
}

/** `written` counts the list as it stands, wrong entries included. */
export function checkManifest(
  { vpc, exposes }: Manifest,
  written: number,
  modes: readonly ExposeMode[],
  at: Reporter,
): void {
  if (written === 0) {
    const hint = "Add an expose, or remove the peering.";
    at.at("expose").say("peering/no-exposes", `${vpc} exposes nothing here.`, hint);
  }
  const [first, ...more] = exposes.filter(({ kind }) => kind === "default");
  for (const expose of more) {
    const message = `${vpc} has more than one default expose here.`;
    const here = at.at("expose", expose.index - 1);
    here.say("peering/several-defaults", message, "Keep one of them.", first);
  }
  for (const side of ["privates", "publics"] as const) {
    const offers = exposes.flatMap((expose) => offersOf(expose, side));
    const what = side === "privates" ? "private" : "public";
    // Of two exposes the first prefixes that overlap say enough.
    const said = new Set<string>();
    for (const [a, b] of overlaps(offers, (x, y) => mayNotOverlap(x, y, side, modes))) {
      const pair = `${a.owner.index} ${b.owner.index}`;
      if (said.has(pair)) continue;
      said.add(pair);
      const message = `The ${what} side ${formatPrefixPorts(b.entry)} overlaps ${formatPrefixPorts(a.entry)} of expose ${a.owner.index}.`;
      const hint = 'Expose every address once; leave it out of one of the two with "not".';
      at.at("expose", b.owner.index - 1).say("expose/overlap", message, hint, a.owner);
      if (said.size === OVERLAPS_MAX) break;
    }
  }
}

/** Pairs of exposes of one side that are told of. */
const OVERLAPS_MAX = 100;

interface Offer {
  readonly entry: PrefixPorts;
  readonly owner: Expose;
}

function offersOf(expose: Expose, side: "privates" | "publics"): Offer[] {
  if (expose.kind === "default") return [];
  const entries = side === "publics" && expose.kind === "nat" ? expose.publics : expose.privates;
  return entries.map((entry) => ({ entry, owner: expose }));
}

function mayNotOverlap(
  a: Offer,
  b: Offer,
  side: "privates" | "publics",
  modes: readonly ExposeMode[],
): boolean {
  if (a.owner === b.owner) return false;
  if (a.owner.kind === "plain" && b.owner.kind === "plain") return side === "privates";
  if (a.owner.kind !== "nat" || b.owner.kind !== "nat") return true;
  return !actApart(a.owner, b.owner, modes);
}

/** Exposes that act on different packets may share addresses: one opens flows only outward and the
 * other only inward, or each is for another protocol. */
function actApart(a: NatExpose, b: NatExpose, modes: readonly ExposeMode[]): boolean {
  if (a.protocol !== undefined && b.protocol !== undefined && a.protocol !== b.protocol)
    return true;
  const [x, y] = [openness(a, modes), openness(b, modes)];
  return !(x.canInitiate && y.canInitiate) && !(x.canReceive && y.canReceive);
}

export function checkPair(
  left: Manifest,
  right: Manifest,
  modes: readonly ExposeMode[],
  at: Reporter,
): void {
  const leftDefault = left.exposes.find(({ kind }) => kind === "default");
  const rightDefault = right.exposes.find(({ kind }) => kind === "default");
  if (leftDefault && rightDefault) {
    const hint = "Keep the default on the side that leads to the rest of the world.";
    const message = "Both sides have a default expose.";
    at.at("peering").say("peering/default-to-default", message, hint, leftDefault);
    return;
  }
  if (!checkPeeringFamilies(left, right, at)) return;
  checkOpening(left, right, modes, at);
}

function checkPeeringFamilies(left: Manifest, right: Manifest, at: Reporter): boolean {
  const [ours, theirs] = [families(left.exposes), families(right.exposes)];
  const common = [...ours].filter((family) => theirs.has(family));
  const hasDefault = [left, right].some((side) =>
    side.exposes.some(({ kind }) => kind === "default"),
  );
  if (common.length === 0 && !hasDefault) {
    const message = `${left.vpc} and ${right.vpc} expose no IP family in common.`;
    const hint = "Expose IPv4 on both sides, or IPv6 on both.";
    at.at("peering").say("peering/no-common-family", message, hint);
    return false;
  }
  for (const [side, other, there] of [
    [left, right, theirs],
    [right, left, ours],
  ] as const) {
    if (other.exposes.some(({ kind }) => kind === "default")) continue;
    for (const expose of side.exposes) {
      const family = familyOf(expose);
      if (family === undefined || there.has(family)) continue;
      const message = `${other.vpc} exposes no IPv${family}, so nothing can reach this expose or come from it.`;
      const here = at.at("peering", side.vpc, "expose", expose.index - 1);
      here.say("peering/family-without-peer", message, `Expose IPv${family} on ${other.vpc} too.`);
    }
  }
  return true;
}

/** Somebody must be able to open a flow, and every expose should be of use to somebody. */
function checkOpening(
  left: Manifest,
  right: Manifest,
  modes: readonly ExposeMode[],
  at: Reporter,
): void {
  const usable = (expose: Expose, others: readonly Expose[]) =>
    others.some((other) => canMeet(expose, other, modes));
  const any = left.exposes.some((expose) => usable(expose, right.exposes));
  if (!any && left.exposes.length > 0 && right.exposes.length > 0) {
    const modesOf = (side: Manifest) =>
      [...new Set(side.exposes.map((each) => (each.kind === "nat" ? each.mode : each.kind)))].join(
        ", ",
      );
    const message = `Nobody could open a connection: ${left.vpc} has only ${modesOf(left)}, ${right.vpc} only ${modesOf(right)}.`;
    const hint = "One side must be able to open a connection that the other side accepts.";
    at.at("peering").say("peering/nobody-can-open", message, hint);
    return;
  }
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    for (const expose of side.exposes) {
      if (usable(expose, other.exposes) || !sameFamilyThere(expose, other)) continue;
      const message = `No expose of ${other.vpc} can open a connection to this one, or accept one from it.`;
      const here = at.at("peering", side.vpc, "expose", expose.index - 1);
      here.say("expose/unusable", message, "Change the mode of one of the two sides.");
    }
  }
}

function sameFamilyThere(expose: Expose, other: Manifest): boolean {
  const family = familyOf(expose);
  return other.exposes.some((each) => {
    const there = familyOf(each);
    return family === undefined || there === undefined || there === family;
  });
}

function canMeet(a: Expose, b: Expose, modes: readonly ExposeMode[]): boolean {
  const [x, y] = [familyOf(a), familyOf(b)];
  if (x !== undefined && y !== undefined && x !== y) return false;
  const [one, two] = [openness(a, modes), openness(b, modes)];
  return (one.canInitiate && two.canReceive) || (two.canInitiate && one.canReceive);
}
