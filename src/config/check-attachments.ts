// What attachments have to do with each other: an interface serves one VPC, a VPC is in its VNI
// once, and an address of the VPC is on one segment.

import { formatIpAddress, sameIpAddress } from "../wire/ip-address.ts";
import { formatPrefix, prefixesOverlap } from "../wire/prefix.ts";
import type { Segment, Underlay, VxlanSegment } from "./model.ts";
import type { ParsedAttachment } from "./parse-attachments.ts";
import type { Reporter } from "./report.ts";

export function checkAttachments(
  all: readonly ParsedAttachment[],
  underlay: Partial<Underlay> | undefined,
  report: Reporter,
): void {
  checkInterfaces(all, underlay, report);
  const byVpc = Map.groupBy(all, ({ vpc }) => vpc);
  for (const [vpc, own] of byVpc) {
    if (vpc === undefined) continue;
    checkVxlan(vpc, own);
    for (const [index, attachment] of own.entries()) {
      for (const earlier of own.slice(0, index)) {
        // Who should not be there need not be compared with the others on the segment.
        if (!checkPair(vpc, earlier, attachment)) break;
      }
    }
  }
}

/** One VPC or the underlay has an interface. */
function checkInterfaces(
  all: readonly ParsedAttachment[],
  underlay: Partial<Underlay> | undefined,
  report: Reporter,
): void {
  const first = new Map<string, ParsedAttachment>();
  for (const attachment of all) {
    const { vpc, segment, at } = attachment;
    if (segment?.kind !== "interface") continue;
    const name = segment.interface;
    if (name === underlay?.interface) {
      const message = `Interface ${name} is the underlay's, and cannot be a segment of a VPC too.`;
      const hint = "Attach the VPC to another interface, or inside its VNI by vteps.";
      const other = report.at("underlay", "interface").located;
      at.at("interface").say("attachment/shared-interface", message, hint, other);
    }
    if (vpc === undefined) continue;
    const other = first.get(name);
    if (!other) first.set(name, attachment);
    else if (other.vpc !== vpc) {
      const message = `Interface ${name} is a segment of two VPCs: ${other.vpc} and ${vpc}.`;
      const hint = "Give each VPC an interface of its own, such as a VLAN of this one.";
      const there = other.at.at("interface").located;
      at.at("interface").say("attachment/shared-interface", message, hint, there);
    }
  }
}

/** The VNI is one link, so there is one list of those who are on it. */
function checkVxlan(vpc: string, own: readonly ParsedAttachment[]): void {
  const [first, ...more] = own.filter(({ segment }) => segment?.kind === "vxlan");
  for (const { segment, at } of more) {
    if (sameSegment(first?.segment, segment)) continue;
    const message = `${vpc} is attached inside its VNI with two different lists of VTEPs.`;
    const hint = "Write the same list at both: the VNI is one link.";
    at.at("vteps").say(
      "attachment/several-vxlan-segments",
      message,
      hint,
      first?.at.at("vteps").located,
    );
  }
}

/** Says why the later one cannot be beside the earlier one. False if it is one too many on its
 * segment. */
function checkPair(vpc: string, earlier: ParsedAttachment, later: ParsedAttachment): boolean {
  if (!earlier.host || !later.host) return true;
  const { address, network } = later.host;
  if (address.family !== earlier.host.address.family) return true;
  const at = later.at.at("address");
  const other = earlier.at.at("address").located;
  // Two lists for one VNI have been reported.
  const bothVxlan = earlier.segment?.kind === "vxlan" && later.segment?.kind === "vxlan";
  if (bothVxlan || sameSegment(earlier.segment, later.segment)) {
    const message = `${vpc} has a second IPv${address.family} address on one segment.`;
    const hint = "Keep one of a family: the gateway is one router on that link.";
    at.say("attachment/second-address", message, hint, other);
    return false;
  }
  if (sameIpAddress(address, earlier.host.address)) {
    const message = `The gateway has ${formatIpAddress(address)} twice in ${vpc}.`;
    const hint = "Give it another address, of the network of that segment.";
    at.say("attachment/duplicate-address", message, hint, other);
  } else if (prefixesOverlap(network, earlier.host.network)) {
    const networks = `${formatPrefix(network)} and ${formatPrefix(earlier.host.network)}`;
    const message = `The segments ${networks} of ${vpc} overlap.`;
    const hint = "An address must be on one segment; correct the addresses or their lengths.";
    at.say("attachment/overlap", message, hint, other);
  }
  return true;
}

/** Lists of VTEPs may be in any order. */
function sameSegment(a: Segment | undefined, b: Segment | undefined): boolean {
  if (a?.kind === "interface" && b?.kind === "interface") return a.interface === b.interface;
  if (a?.kind !== "vxlan" || b?.kind !== "vxlan") return false;
  return listOf(a) === listOf(b);
}

function listOf({ vteps }: VxlanSegment): string {
  return vteps.map(formatIpAddress).sort().join();
}
