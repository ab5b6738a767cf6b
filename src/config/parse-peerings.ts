// Peerings: two manifests and perhaps an ACL. What they have to do with each other is in
// check-peering.ts.

import { checkManifest, checkPair } from "./check-peering.ts";
import type { ExposeMode } from "./expose-mode.ts";
import type { Acl, Manifest, Peering } from "./model.ts";
import { parseAcl } from "./parse-acl.ts";
import { parseExpose } from "./parse-expose.ts";
import type { ParsedVpcs } from "./parse-vpcs.ts";
import type { Located, Reporter } from "./report.ts";
import type { RawConfig, RawPeering } from "./shape.ts";
import { isMapping } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** A peering with its group, for rules between peerings. */
export interface ParsedPeering {
  readonly peering: Peering;
  readonly group: string;
  readonly at: Reporter;
}

/** Only peerings with nothing wrong in them. */
export function parsePeerings(
  raw: RawConfig,
  vpcs: ParsedVpcs,
  modes: readonly ExposeMode[],
  report: Reporter,
): ParsedPeering[] {
  const result: ParsedPeering[] = [];
  const pairs = new Map<string, Located>();
  const all = raw.peerings ?? {};
  for (const name of Object.keys(all).sort()) {
    const at = report.at("peerings", name);
    const rawPeering = all[name]!;
    if (!isMapping(rawPeering) || !isMapping(rawPeering.peering)) continue;
    checkGroup(raw, rawPeering, at);
    checkDuplicate(rawPeering, pairs, at);
    const peering = parsePeering(name, rawPeering, vpcs, modes, at);
    // A wrong ACL does not hide what the exposes collide with.
    if (peering && !at.at("peering").tainted) {
      result.push({ peering, group: rawPeering.gatewayGroup ?? "default", at });
    }
  }
  return result;
}

function checkGroup(raw: RawConfig, { gatewayGroup }: RawPeering, at: Reporter): void {
  if (typeof gatewayGroup !== "string" || !isMapping(raw.groups) || !raw.groups) return;
  if (Object.hasOwn(raw.groups, gatewayGroup)) return;
  const guess = nearest(gatewayGroup, Object.keys(raw.groups));
  const hint = guess ? `Did you mean "${guess}"?` : "Add it under groups.";
  const message = `There is no gateway group "${gatewayGroup}".`;
  at.at("gatewayGroup").say("peering/unknown-group", message, hint);
}

/** By the names alone, so that nothing else that is wrong hides it. */
function checkDuplicate({ peering }: RawPeering, pairs: Map<string, Located>, at: Reporter): void {
  const names = Object.keys(peering).sort();
  if (names.length !== 2) return;
  const key = JSON.stringify(names);
  const other = pairs.get(key);
  if (other === undefined) pairs.set(key, at.located);
  else {
    const message = `${names[0]} and ${names[1]} are peered twice.`;
    at.say("peering/duplicate", message, "Put all exposes into one peering.", other);
  }
}

/** Undefined when there is something wrong with it; each side is checked for itself in any case. */
function parsePeering(
  name: string,
  raw: RawPeering,
  vpcs: ParsedVpcs,
  modes: readonly ExposeMode[],
  at: Reporter,
): Peering | undefined {
  const names = Object.keys(raw.peering).sort();
  if (names.length !== 2) {
    const message = `A peering joins two VPCs; this one names ${names.length || "none"}.`;
    at.at("peering").say("peering/two-sides", message, "Name exactly two VPCs.");
  }
  const manifests = names.map((vpc) => parseManifest(vpc, raw, vpcs, modes, at.at("peering", vpc)));
  const sides = pairOf(manifests);
  if (sides) checkPair(...sides, modes, at);
  const acl = parsePeeringAcl(raw, names, sides, vpcs, at.at("acl"));
  return sides && { name, sides, acl, place: at.located.place };
}

function pairOf(manifests: readonly (Manifest | undefined)[]) {
  const [left, right] = manifests;
  return manifests.length === 2 && left && right ? ([left, right] as const) : undefined;
}

function parsePeeringAcl(
  { acl }: RawPeering,
  names: readonly string[],
  sides: readonly [Manifest, Manifest] | undefined,
  vpcs: ParsedVpcs,
  at: Reporter,
): Acl | undefined {
  if (!isMapping(acl) || !Array.isArray(acl?.rules)) return undefined;
  return parseAcl(acl, { names, sides, vpcs }, at);
}

/** Undefined when the VPC or an expose is wrong: rules about the whole would only repeat that. */
function parseManifest(
  vpc: string,
  raw: RawPeering,
  vpcs: ParsedVpcs,
  modes: readonly ExposeMode[],
  at: Reporter,
): Manifest | undefined {
  if (!vpcs.names.has(vpc)) {
    const guess = nearest(vpc, vpcs.names);
    const hint = guess ? `Did you mean "${guess}"?` : "Add it under vpcs.";
    at.say("peering/unknown-vpc", `There is no VPC "${vpc}".`, hint);
  }
  const list: unknown = raw.peering[vpc]?.expose;
  if (!Array.isArray(list)) return undefined;
  const context = { modes, vpc: vpcs.byName.get(vpc) };
  let whole = true;
  const exposes = list.flatMap((entry, index) => {
    const here = at.at("expose", index);
    const parsed = isMapping(entry) ? parseExpose(entry, index, context, here) : [];
    if (here.tainted || parsed.length === 0) whole = false;
    return parsed;
  });
  const hairpin = raw.peering[vpc]?.hairpin === true;
  const manifest: Manifest = { vpc, exposes, hairpin, place: at.located.place };
  checkManifest(manifest, list.length, modes, at);
  return whole && !at.tainted ? manifest : undefined;
}
