// Data path.
// Keys and entries of flows as words.

import { DESTINATION, type FlowDraft, NEW_DESTINATION, NEW_SOURCE, SOURCE } from "./flow-draft.ts";
import { type FlowLayout, RESTING, STATE_MASK } from "./flow-layout.ts";

const ICMP = 1;
const ICMPV6 = 58;

/** The key of a packet whose addresses stand in `view`. `network`: VNI << 8 | protocol. */
export function writeKey(
  layout: FlowLayout,
  key: Int32Array,
  network: number,
  view: DataView,
  source: number,
  destination: number,
  sourcePort: number,
  destinationPort: number,
): void {
  const { addressWords } = layout;
  key[0] = network;
  for (let i = 0; i < addressWords; i++) {
    key[1 + i] = view.getInt32(source + 4 * i);
    key[1 + addressWords + i] = view.getInt32(destination + 4 * i);
  }
  key[1 + 2 * addressWords] = (sourcePort << 16) | destinationPort;
}

/** The key of the draft's own packets. */
export function writeOriginalKey(layout: FlowLayout, key: Int32Array, draft: FlowDraft): void {
  const { from, protocol, view, sourcePort, destinationPort } = draft;
  const network = (from << 8) | protocol;
  writeKey(layout, key, network, view, SOURCE, DESTINATION, sourcePort, destinationPort);
}

/** The key of the answers to them. */
export function writeAnswerKey(layout: FlowLayout, key: Int32Array, draft: FlowDraft): void {
  const { to, protocol, view, newSourcePort, newDestinationPort } = draft;
  const network = (to << 8) | protocol;
  writeKey(
    layout,
    key,
    network,
    view,
    NEW_DESTINATION,
    NEW_SOURCE,
    newDestinationPort,
    newSourcePort,
  );
}

export function sameKey(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i]! !== b[i]!) return false;
  return true;
}

/** An entry of that key. What its packets become is the reverse of the other direction's key. */
export function writeEntry(
  layout: FlowLayout,
  words: Int32Array,
  entry: number,
  key: Int32Array,
  other: Int32Array,
  direction: number,
): void {
  const at = entry * layout.words;
  for (let i = 0; i < key.length; i++) words[at + i] = key[i]!;
  for (let i = key.length; i < layout.words; i++) words[at + i] = 0;
  const { addressWords } = layout;
  for (let i = 0; i < addressWords; i++) {
    words[at + layout.newSource + i] = other[1 + addressWords + i]!;
    words[at + layout.newDestination + i] = other[1 + i]!;
  }
  const ports = other[1 + 2 * addressWords]!;
  words[at + layout.newPorts] = (ports << 16) | (ports >>> 16);
  words[at + layout.direction] = direction;
  writeDeltas(layout, words, at);
}

/** Whether packets of the entry leave with other addresses or ports. */
export function translates(layout: FlowLayout, words: Int32Array, entry: number): boolean {
  const at = entry * layout.words;
  if (words[at + layout.ports]! !== words[at + layout.newPorts]!) return true;
  for (let i = 0; i < 2 * layout.addressWords; i++) {
    if (words[at + layout.source + i]! !== words[at + layout.newSource + i]!) return true;
  }
  return false;
}

/** Of the entry that begins `at`. */
export function setState(layout: FlowLayout, words: Int32Array, at: number, state: number): void {
  words[at + layout.state] = (words[at + layout.state]! & ~STATE_MASK) | state;
}

/** Whether the flow was ended and only rests. */
export function isResting(layout: FlowLayout, words: Int32Array, flow: number): boolean {
  return (words[2 * flow * layout.words + layout.state]! & RESTING) !== 0;
}

/** Ticks until the flow ends; 0 or less when it is over. */
export function ticksLeft(
  layout: FlowLayout,
  words: Int32Array,
  flow: number,
  tick: number,
): number {
  const at = 2 * flow * layout.words + layout.deadline;
  return Math.max((words[at]! - tick) | 0, (words[at + layout.words]! - tick) | 0);
}

/** Writes keys and translation of a flow into the draft. */
export function readFlow(
  layout: FlowLayout,
  words: Int32Array,
  flow: number,
  draft: FlowDraft,
): void {
  const at = 2 * flow * layout.words;
  const peer = at + layout.words;
  const { view } = draft;
  draft.from = words[at + layout.network]! >>> 8;
  draft.to = words[peer + layout.network]! >>> 8;
  draft.protocol = words[at + layout.network]! & 0xff;
  for (let i = 0; i < layout.addressWords; i++) {
    view.setInt32(SOURCE + 4 * i, words[at + layout.source + i]!);
    view.setInt32(DESTINATION + 4 * i, words[at + layout.destination + i]!);
    view.setInt32(NEW_SOURCE + 4 * i, words[at + layout.newSource + i]!);
    view.setInt32(NEW_DESTINATION + 4 * i, words[at + layout.newDestination + i]!);
  }
  draft.sourcePort = words[at + layout.ports]! >>> 16;
  draft.destinationPort = words[at + layout.ports]! & 0xffff;
  draft.newSourcePort = words[at + layout.newPorts]! >>> 16;
  draft.newDestinationPort = words[at + layout.newPorts]! & 0xffff;
}

function writeDeltas(layout: FlowLayout, words: Int32Array, at: number): void {
  let addresses = 0;
  for (let i = 0; i < 2 * layout.addressWords; i++) {
    addresses += change(words[at + layout.source + i]!, words[at + layout.newSource + i]!);
  }
  const protocol = words[at + layout.network]! & 0xff;
  const identifier = protocol === ICMP || protocol === ICMPV6;
  // An identifier is one word of the packet, though it stands twice in the key.
  const keep = identifier ? 0xffff : -1;
  const ports = change(words[at + layout.ports]! & keep, words[at + layout.newPorts]! & keep);
  const transport = fold((protocol === ICMP ? 0 : addresses) + ports);
  // One hop less: ~(ttl << 8) + ((ttl - 1) << 8).
  const header = fold(addresses + 0xfeff);
  words[at + layout.deltas] = (transport << 16) | header;
}

/** Sum of ~old + new over both halves of a word (RFC 1624, equation 3). */
function change(before: number, after: number): number {
  return (~before >>> 16) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff);
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
