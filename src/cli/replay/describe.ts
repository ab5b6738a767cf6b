// What became of a packet, in a line.

import { LINK_ETHERNET } from "../../drivers/capture.ts";
import type { Decision } from "../../gateway/outcome.ts";
import { DROP, type DropName, type VerdictName } from "../../packet/verdict.ts";
import { describeArp, ETHERTYPE_ARP, readArp } from "../../wire/arp.ts";
import { dissect } from "../../wire/dissect.ts";
import { ICMPV6 } from "../../wire/ip-protocol.ts";
import { describeNeighborMessage, readNeighborMessage } from "../../wire/neighbor-discovery.ts";
import { describePacket } from "../../wire/notation.ts";
import type { Replayed } from "./replay.ts";

export function dropReason(verdict: VerdictName) {
  return verdict in DROP ? DROP[verdict as DropName] : undefined;
}

/** "blue udp … became udp … in green, peering blue--green, expose 1 of blue (gateway.yaml:12)" */
export function describe(replayed: Replayed): string {
  const { outcome, frame } = replayed;
  const { verdict, from, to } = outcome;
  const before = describeInput(replayed);
  const came = `${from ?? "no VPC"} ${before}`;
  const why = [
    outcome.peering && `peering ${outcome.peering}`,
    ...[outcome.source, outcome.destination, outcome.acl].map((each) => each && at(each)),
  ].filter((part) => part !== undefined);
  if (verdict === "sent") {
    const count = outcome.pieces.length + 1;
    const cut = count > 1 ? [`cut into ${count} fragments`] : [];
    const became = `${came} became ${describePacket(outcome.packet)} in ${to}`;
    return [became, ...cut, ...why].join(", ");
  }
  const reason = dropReason(verdict);
  const cut = frame.originalLength > frame.bytes.length ? " The capture cut this packet off." : "";
  const sentence = reason ? `${reason.sentence} ${reason.advice}` : "";
  const where = why.length > 0 ? ` Where: ${why.join(", ")}.` : "";
  return `${came} dropped: ${verdict}. ${sentence}${cut}`.trim() + where;
}

/** "fragment 2 of 3 of packet 12, udp …" */
export function describePiece({ number, outcome }: Replayed, index: number): string {
  const { pieces } = outcome;
  const said = describePacket(pieces[index]!.packet);
  return `fragment ${index + 2} of ${pieces.length + 1} of packet ${number}: ${said}`;
}

/** "the gateway answered blue with icmp … about packet 12, dropped: ttl-exceeded" */
export function describeAnswer({ number, outcome, answer }: Replayed): string {
  const said = answer ? describePacket(answer.packet) : "nothing";
  return `the gateway answered ${answer?.to} with ${said} about packet ${number}, dropped: ${outcome.verdict}`;
}

/** The packet as it came, or what else the frame was. */
export function describeInput({ packet, frame, linkType }: Replayed): string {
  const { bytes } = frame;
  if (packet.length === 0 && linkType === LINK_ETHERNET) {
    const arp = (bytes[12]! << 8) | bytes[13]!;
    const message = arp === ETHERTYPE_ARP ? readArp(bytes.subarray(14)) : undefined;
    if (message) return describeArp(message);
  }
  if (packet.length === 0) return `${bytes.length} bytes`;
  const parts = dissect(packet);
  const icmpv6 = parts?.protocol === ICMPV6 && parts.family === 6 && parts.fragmentOffset === 0;
  const neighbor = icmpv6 && readNeighborMessage(packet.subarray(parts.l4, parts.end));
  if (!neighbor) return describePacket(packet);
  return `${describePacket(packet)} (${describeNeighborMessage(neighbor)})`;
}

function at({ label, place }: Decision): string {
  return `${label} (${place.file}:${place.line})`;
}

/** RFC 3339 with nanoseconds, in UTC. `nanos` since 1970, below 2^64. */
export function formatTime(nanos: bigint): string {
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, "0");
  return new Date(Number(nanos / 1_000_000n)).toISOString().replace(/\.\d{3}Z$/, `.${fraction}Z`);
}
