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

/** Rules of the peering that allow; one miss at most. */
export function* nearRules(
  config: Config,
  peeringName: string,
  from: string,
  packet: PacketFacts,
): Work<readonly NearMiss[]> {
  const peering = config.peerings.find(({ name }) => name === peeringName);
  const distanceOf = (rule: AclRule) =>
    rule.action === "allow" ? missesOf(rule, from, packet).length : undefined;
  const near = yield* least(peering?.acl?.rules ?? [], distanceOf, { most: 1 });
  return near.map((rule) => {
    const decision = { label: `acl rule ${rule.name}`, place: rule.place };
    const misses = missesOf(rule, from, packet);
    if (misses.length > 0) {
      return { text: `Rule ${rule.name} allows it but for ${misses.join(", ")}.`, decision };
    }
    const text = `Rule ${rule.name} allows it, but a rule before it has denied it already.`;
    return { text, decision };
  });
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
  return entries.some(({ prefix, ports }) => {
    if (addressDistance(address, prefix) !== 0n) return false;
    return ports === undefined || (port >= 0 && portDistance(port, ports) === 0);
  });
}

function list(entries: readonly PrefixPorts[]): string {
  return entries.map(formatPrefixPorts).join(", ");
}
