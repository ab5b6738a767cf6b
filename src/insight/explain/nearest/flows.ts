// The flow whose answers look most like the packet.

import type { FlowView } from "../../../gateway/gateway.ts";
import { sameIpAddress } from "../../../wire/ip-address.ts";
import type { NearMiss } from "../explanation.ts";
import { answerTo } from "../flow.ts";
import { factsOf, type PacketFacts } from "../packet-facts.ts";

interface Searched {
  readonly flows: Iterable<FlowView>;
  readonly packet: PacketFacts;
}

/** One at most, of those that are answered by the address that the packet is for. */
export function nearFlows({ flows, packet }: Searched): NearMiss[] {
  let best = "";
  let least = Number.POSITIVE_INFINITY;
  for (const { translated } of flows) {
    const answer = answerTo(translated);
    const facts = factsOf(answer);
    if (facts === undefined) continue;
    const distance = distanceOf(packet, facts);
    if (distance >= least) continue;
    best = answer;
    least = distance;
  }
  return best === "" ? [] : [{ text: `The nearest flow there is would be answered by ${best}.` }];
}

/** The port that it is for counts first, then who sent it. */
function distanceOf(packet: PacketFacts, other: PacketFacts): number {
  if (packet.protocol !== other.protocol) return Number.POSITIVE_INFINITY;
  if (!sameIpAddress(packet.destination, other.destination)) return Number.POSITIVE_INFINITY;
  const port = Math.abs(packet.destinationPort - other.destinationPort);
  const sender = sameIpAddress(packet.source, other.source) ? 0 : 0.5;
  return port + sender + (packet.sourcePort === other.sourcePort ? 0 : 0.25);
}
