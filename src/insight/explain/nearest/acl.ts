// The rule of an access list that would have let the packet pass, but for the fewest of its
// conditions.

import type { AclRule, Config } from "../../../config/model.ts";
import type { IpAddress } from "../../../wire/ip-address.ts";
import { protocolName } from "../../../wire/ip-protocol.ts";
import { formatPrefixPorts, type PrefixPorts } from "../../../wire/prefix-ports.ts";
import type { Work } from "../../work.ts";
import type { NearMiss } from "../explanation.ts";
import type { PacketFacts } from "../packet-facts.ts";
import { addressDistance, portDistance } from "./distance.ts";
import { least } from "./least.ts";

/** A condition that does not hold counts for more than by how many ports others do not. */
const CONDITION = 1 << 20;
/** Farther than any port. */
const ELSEWHERE = 1 << 16;

/** Rules of the peering that allow; one miss at most. */
export function* nearRules(
  config: Config,
  peeringName: string,
  from: string,
  packet: PacketFacts,
): Work<readonly NearMiss[]> {
  const peering = config.peerings.find(({ name }) => name === peeringName);
  const distance = (rule: AclRule) =>
    rule.action === "allow" ? distanceOf(rule, from, packet) : undefined;
  const near = yield* least(peering?.acl?.rules ?? [], distance, { most: 1 });
  return near.map((rule) => {
    const decision = { label: `acl rule ${rule.name}`, place: rule.place };
    const misses = missesOf(rule, from, packet);
    if (misses.length > 0) {
      const text = `Rule ${rule.name} would allow it, but for ${misses.join(", ")}.`;
      return { text, decision };
    }
    const text = `Rule ${rule.name} would allow it, but a rule before it has denied it already.`;
    return { text, decision };
  });
}

/** By how many conditions first, then by how much. */
function distanceOf(rule: AclRule, from: string, packet: PacketFacts): number {
  const { protocol, source, sourcePort, destination, destinationPort } = packet;
  return (
    (rule.from === from ? 0 : CONDITION) +
    ((rule.protocol ?? protocol) === protocol ? 0 : CONDITION) +
    endpointDistance(rule.source, source, sourcePort) +
    endpointDistance(rule.destination, destination, destinationPort)
  );
}

function missesOf(rule: AclRule, from: string, packet: PacketFacts): string[] {
  const { protocol, source, sourcePort, destination, destinationPort } = packet;
  const misses: string[] = [];
  if (rule.from !== from) misses.push(`the direction (it is for packets from ${rule.from})`);
  if (rule.protocol !== undefined && rule.protocol !== protocol) {
    misses.push(`the protocol (${protocolName(rule.protocol)})`);
  }
  if (!covers(rule.source, source, sourcePort)) misses.push(`the source (${list(rule.source)})`);
  if (!covers(rule.destination, destination, destinationPort)) {
    misses.push(`the destination (${list(rule.destination)})`);
  }
  return misses;
}

function covers(entries: readonly PrefixPorts[], address: IpAddress, port: number): boolean {
  return endpointDistance(entries, address, port) === 0;
}

/** 0 for one that is covered. */
function endpointDistance(
  entries: readonly PrefixPorts[],
  address: IpAddress,
  port: number,
): number {
  const distances = entries.map(({ prefix, ports }) => {
    if (addressDistance(address, prefix) !== 0n) return CONDITION + ELSEWHERE;
    if (ports === undefined) return 0;
    const off = port < 0 ? ELSEWHERE : portDistance(port, ports);
    return off === 0 ? 0 : CONDITION + off;
  });
  return Math.min(...distances);
}

function list(entries: readonly PrefixPorts[]): string {
  return entries.map(formatPrefixPorts).join(", ");
}
