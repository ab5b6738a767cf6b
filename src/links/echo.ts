// The gateway answers pings to its own addresses (RFC 1122, 3.2.2.6; RFC 4443, 4.2): the request,
// turned round as it came, tunnel and all.

import { updateChecksum } from "../packet/checksum-update.ts";

const ECHO_REPLY = 0;
const ECHO_REPLY_V6 = 129;
const TTL = 64;

/** Makes `frame`, an echo request whose IP and ICMP headers are at `l3` and `l4`, its answer. Where
 * it came in a tunnel, `outer` is where the outer header is, IPv4, and `inner` the frame in it;
 * otherwise both are -1. */
export function turnEcho(frame: Uint8Array, l3: number, l4: number, outer: number, inner: number) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  swap(frame, 0, 6, 6);
  if (inner >= 0) {
    swap(frame, inner, inner + 6, 6);
    swap(frame, outer + 12, outer + 16, 4);
    change(view, outer + 8, (TTL << 8) | frame[outer + 9]!, outer + 10);
    // UDP and VXLAN headers are 16 bytes. The tunnel goes without a checksum (RFC 7348, 5).
    view.setUint16(inner - 16 + 6, 0);
  }
  const v6 = frame[l3]! >>> 4 === 6;
  if (v6) {
    swap(frame, l3 + 8, l3 + 24, 16);
    frame[l3 + 7] = TTL;
  } else {
    swap(frame, l3 + 12, l3 + 16, 4);
    change(view, l3 + 8, (TTL << 8) | frame[l3 + 9]!, l3 + 10);
  }
  change(view, l4, ((v6 ? ECHO_REPLY_V6 : ECHO_REPLY) << 8) | frame[l4 + 1]!, l4 + 2);
}

/** Puts `word` at `at`, and the checksum at `field` follows. */
function change(view: DataView, at: number, word: number, field: number): void {
  updateChecksum(view, field, view.getUint16(at), word);
  view.setUint16(at, word);
}

function swap(bytes: Uint8Array, a: number, b: number, size: number): void {
  const saved = bytes.slice(a, a + size);
  bytes.copyWithin(a, b, b + size);
  bytes.set(saved, b);
}
