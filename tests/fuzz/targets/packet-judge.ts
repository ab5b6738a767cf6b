// What must hold of every packet that goes through, whatever came.

import assert from "node:assert/strict";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import type { Outcome } from "../../../src/gateway/outcome.ts";
import { drops } from "../../../src/insight/drops/report.ts";
import { type Dissection, dissect } from "../../../src/wire/dissect.ts";
import { isIcmpError } from "../../../src/wire/icmp.ts";
import { joinPieces } from "../../../src/wire/join-pieces.ts";
import { verifyChecksums } from "../../../src/wire/verify-checksums.ts";

const TCP = 6;
/** Of the only VPC of packet-world.ts that has one. */
const MTU = 600;
/** Behind which byte of the transport header nothing changes: DCCP, UDP-Lite, Mobile IPv6 and HIP
 * have checksums over addresses too. */
const CHECKSUM_END: ReadonlyMap<number, number> = new Map([
  [TCP, 18],
  [17, 8],
  [33, 8],
  [136, 8],
  [135, 6],
  [139, 6],
]);

/** A packet that was sent, against the frame it came in. */
export function judgeSent(frame: Uint8Array, outcome: Outcome): void {
  const { frame: out, offset, pieces } = outcome;
  const came = frame.subarray(offset);
  assert.ok(outcome.packet.length > 0 && offset >= 0, "a packet that was sent was found before");
  assert.ok(out.length >= outcome.packet.length, "the frame holds the packet");
  const packet = pieces.length > 0 ? judgePieces(outcome) : outcome.packet;
  const before = dissect(came)!;
  const after = dissect(packet)!;
  assert.equal(after.family, before.family, "the family stays");
  assert.equal(after.end, before.end, "the length stays");
  assert.equal(after.l4, before.l4, "the headers stay");
  assert.equal(packet.length, after.end, "nothing is behind the packet");
  judgeChecksums(came, packet);
  judgeHeader(came, packet, before.family, pieces.length > 0);
  judgePayload(came, packet, before);
}

/** What was cut, as it was before; each piece fits, is right in itself and follows the one before. */
function judgePieces(outcome: Outcome): Uint8Array {
  const all = [outcome, ...outcome.pieces].map(({ packet }) => packet.slice());
  const [first] = all;
  let next = fieldOf(first!) & 0x1fff;
  for (const [index, piece] of all.entries()) {
    assert.ok(piece.length <= MTU, "a piece fits");
    assert.deepEqual(verifyChecksums(piece), [], "a piece has right checksums");
    assert.equal(fieldOf(piece) & 0x1fff, next, "a piece follows the one before");
    const more = index < all.length - 1 || (fieldOf(piece) & 0x2000) !== 0;
    assert.equal((fieldOf(piece) & 0x2000) !== 0, more, "all but the last say that more follows");
    const size = piece.length - (piece[0]! & 15) * 4;
    assert.ok(size > 0 && (!more || size % 8 === 0), "pieces are made of units of eight bytes");
    next += size / 8;
  }
  return joinPieces(all);
}

/** Flags and offset. */
function fieldOf(packet: Uint8Array): number {
  return (packet[6]! << 8) | packet[7]!;
}

/** Good in, good out; bad in, bad out. */
function judgeChecksums(came: Uint8Array, packet: Uint8Array): void {
  const before = verifyChecksums(came);
  const after = verifyChecksums(packet);
  let same = before.length === after.length;
  for (let i = 0; same && i < before.length; i++) {
    same = before[i]!.header === after[i]!.header && before[i]!.quoted === after[i]!.quoted;
  }
  if (!same) assert.deepEqual(after, before, "wrong checksums are the same before and after");
}

/** All but addresses, one hop, the checksum, and the identification of fragments, which hosts behind
 * one address may have alike. */
function judgeHeader(came: Uint8Array, packet: Uint8Array, family: 4 | 6, cut: boolean): void {
  const hops = family === 4 ? 8 : 7;
  const addresses = family === 4 ? 12 : 8;
  const fragment = cut || (family === 4 && ((came[6]! & 0x3f) | came[7]!) !== 0);
  for (let i = 0; i < addresses; i++) {
    const isSum = family === 4 && (i === 10 || i === 11);
    const isIdentification = fragment && (i === 4 || i === 5);
    if (!isSum && !isIdentification && packet[i] !== came[i]! - (i === hops ? 1 : 0)) {
      assert.fail(`byte ${i} of the header became ${packet[i]}, was ${came[i]}`);
    }
  }
}

/** What is behind the transport header stays. Not of ICMP errors, whose payload is translated, and
 * of a SYN, whose MSS may be lowered. */
function judgePayload(came: Uint8Array, packet: Uint8Array, parts: Dissection): void {
  const { family, protocol, l4, end, fragmentOffset } = parts;
  const icmp = protocol === (family === 4 ? 1 : 58);
  if (icmp && isIcmpError(family, came[l4] ?? 0)) return;
  if (protocol === TCP && ((came[l4 + 13] ?? 0) & 2) !== 0) return;
  const header = icmp ? 8 : (CHECKSUM_END.get(protocol) ?? 0);
  for (let i = l4 + (fragmentOffset > 0 ? 0 : header); i < end; i++) {
    if (packet[i] !== came[i]) assert.fail(`byte ${i - l4} behind the IP header changed`);
  }
}

/** What the gateway itself says is right in itself. */
export function judgeAnswers(gateway: Gateway): void {
  for (const { packet, to } of gateway.answers()) {
    const faults = verifyChecksums(packet).filter(({ quoted }) => !quoted);
    assert.deepEqual(faults, [], `an answer to ${to} with right checksums`);
    assert.ok(packet.length <= 1280, "an answer is short");
  }
}

/** Every packet is accounted for. */
export function judgeCounts(gateway: Gateway, received: number, capacity: number): void {
  const counts = gateway.counts();
  let dropped = 0;
  for (const count of counts.dropped.values()) dropped += count;
  assert.equal(counts.received, received);
  assert.equal(counts.sent + counts.consumed + counts.waiting + dropped, received);
  const ledger = drops(gateway);
  assert.deepEqual(
    new Map(ledger.reasons.map(({ reason, count }) => [reason, count])),
    counts.dropped,
  );
  assert.equal(ledger.elsewhere, 0);
  const { flows, mappings, hosts } = gateway.tracked();
  const held = `${flows} flows, ${mappings} mappings, ${hosts} hosts`;
  assert.ok(flows <= 2 * capacity && mappings <= 2 * flows && hosts <= flows, held);
}
