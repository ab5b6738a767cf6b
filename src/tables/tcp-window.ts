// Data path.
// What the acknowledgements of a connection say about which resets and FINs are meant.

import { type FlowLayout, SEEN_ACK } from "./flow-layout.ts";
import { TCP_FIN, TCP_RST } from "./flow-state.ts";

/** RFC 5961, 3.2, and RFC 7857, 2.2: a reset or FIN counts only within the window of the side it is
 * sent to, whose entry stands at `peer`; before that side has acknowledged anything there is no
 * window to compare with. */
export function isBelievable(
  words: Int32Array,
  layout: FlowLayout,
  peer: number,
  flags: number,
  sequence: number,
): boolean {
  if ((flags & (TCP_RST | TCP_FIN)) === 0) return true;
  if ((words[peer + layout.state]! & SEEN_ACK) === 0) return true;
  const distance = (sequence - words[peer + layout.ack]!) | 0;
  // A FIN may come again, one before what has been acknowledged of it; a reset has no number.
  const least = (flags & TCP_RST) !== 0 ? 0 : -1;
  return distance >= least && distance <= Math.max(words[peer + layout.window]!, 1);
}

/** A SYN alone begins anew: what its side, with the entry at `at`, has acknowledged was about
 * another connection. Not what the other side has, or somebody could forge a SYN to be believed. */
export function forgetWindow(words: Int32Array, layout: FlowLayout, at: number): void {
  words[at + layout.state] = words[at + layout.state]! & ~SEEN_ACK;
}
