// What may follow a packet: one that came before, with other flags perhaps, or the answer to what
// left. Checksums follow changes, so that what was wrong stays so.

import type { Random } from "../../src/base/random.ts";
import { updateChecksum, wordSum } from "../../src/packet/checksum-update.ts";
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../../src/tables/flow-state.ts";
import type { Sent } from "./random-traffic.ts";

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const UDP = 17;
const FLAGS = [
  TCP_SYN,
  TCP_SYN | TCP_ACK,
  TCP_ACK,
  TCP_ACK,
  TCP_FIN | TCP_ACK,
  TCP_RST,
  TCP_RST | TCP_ACK,
];
/** Type of an echo request and of its reply. */
const ECHO: Readonly<Record<number, readonly [number, number]>> = {
  [ICMP]: [8, 0],
  [ICMPV6]: [128, 129],
};

/** One of `before`, or the answer to the last packet as it left, if one did. */
export function nextPacket(random: Random, before: readonly Sent[], left: Sent | undefined): Sent {
  if (left !== undefined && random.below(2) === 0) {
    const answer = left.bytes.slice();
    turn(answer);
    if (random.below(2) === 0) reflag(random, answer);
    return { ...left, bytes: answer };
  }
  const again = before[random.below(before.length)]!;
  const bytes = again.bytes.slice();
  if (random.below(2) === 0) reflag(random, bytes);
  if (random.below(4) === 0) renumber(random, bytes);
  return { ...again, bytes };
}

interface Parts {
  readonly view: DataView;
  readonly protocol: number;
  readonly addresses: number;
  readonly addressBytes: number;
  /** Where the transport header begins. */
  readonly l4: number;
}

/** Undefined for what is no whole header of a protocol known here. */
function partsOf(bytes: Uint8Array): Parts | undefined {
  if (bytes.length < 28) return undefined;
  const v6 = bytes[0]! >>> 4 === 6;
  const l4 = v6 ? 40 : (bytes[0]! & 15) * 4;
  const protocol = bytes[v6 ? 6 : 9]!;
  const least = { [TCP]: 20, [UDP]: 8, [ICMP]: 8, [ICMPV6]: 8 }[protocol] ?? Infinity;
  if (bytes.length < l4 + least) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const addressBytes = v6 ? 16 : 4;
  return { view, protocol, addresses: v6 ? 8 : 12, addressBytes, l4 };
}

/** Sums do not change when words change places. */
function turn(bytes: Uint8Array): void {
  const parts = partsOf(bytes);
  if (parts === undefined) return;
  const { view, protocol, addresses, addressBytes, l4 } = parts;
  swap(bytes, addresses, addressBytes);
  if (protocol === TCP || protocol === UDP) swap(bytes, l4, 2);
  if (protocol === TCP) swap(bytes, l4 + 4, 4);
  const [request, reply] = ECHO[protocol] ?? [];
  if (bytes[l4] !== request) return;
  change(view, l4 + 2, l4, (reply! << 8) | bytes[l4 + 1]!);
}

function swap(bytes: Uint8Array, at: number, size: number): void {
  const first = bytes.slice(at, at + size);
  bytes.copyWithin(at, at + size, at + 2 * size);
  bytes.set(first, at + size);
}

/** Other TCP flags. */
function reflag(random: Random, bytes: Uint8Array): void {
  const parts = partsOf(bytes);
  if (parts?.protocol !== TCP) return;
  const { view, l4 } = parts;
  const flags = FLAGS[random.below(FLAGS.length)]!;
  change(view, l4 + 16, l4 + 12, (view.getUint16(l4 + 12) & 0xff00) | flags);
}

/** Another source port, so another flow. */
function renumber(random: Random, bytes: Uint8Array): void {
  const parts = partsOf(bytes);
  if (parts?.protocol !== TCP) return;
  const { view, l4 } = parts;
  change(view, l4 + 16, l4, 3000 + random.below(24));
}

/** Writes a word, and the checksum that covers it. */
function change(view: DataView, checksum: number, at: number, word: number): void {
  const before = wordSum(view, at, at + 2);
  view.setUint16(at, word);
  updateChecksum(view, checksum, before, wordSum(view, at, at + 2));
}
