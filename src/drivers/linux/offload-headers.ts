// Data path.
// What a network card or the kernel is to do with frames that are sent, as headers before them
// (struct virtio_net_hdr); and the transport checksum as whoever finishes it wants to find it: the
// sum of the pseudo-header, not inverted. The steps have changed addresses since the frame came, so
// that is summed anew.

import { fold, wordSum } from "../../packet/checksum-update.ts";
import { VLAN_TAGS_MAX } from "../../packet/limits.ts";
import { ETHERNET_LENGTH } from "../../packet/locate-ip.ts";
import {
  FIRST_REDUCES,
  protocolOf,
  SEGMENT_MASK,
  transportLength,
  transportOf,
} from "../../packet/offload.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import {
  CHECKSUM_NEEDED,
  KIND_ECN,
  KIND_PLAIN,
  KIND_TCP_IPV4,
  KIND_TCP_IPV6,
  KIND_UDP,
  OFFLOAD_CHECKSUM_OFFSET,
  OFFLOAD_CHECKSUM_START,
  OFFLOAD_FLAGS,
  OFFLOAD_HEADERS,
  OFFLOAD_KIND,
  OFFLOAD_SEGMENT,
} from "./offload.ts";
import type { System } from "./sys.ts";

const STRIDE = 16;
const LINK_MAX = ETHERNET_LENGTH + 4 * VLAN_TAGS_MAX;
const TCP = 6;

export class OffloadHeaders {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #at: number;

  /** `count` headers that say that there is nothing to do. */
  constructor(system: System, count: number) {
    // Small arrays may move.
    this.#bytes = new Uint8Array(Math.max(128, count * STRIDE));
    this.#view = new DataView(this.#bytes.buffer);
    this.#at = Number(system.addressOf(this.#bytes));
  }

  addressOf(i: number): number {
    return this.#at + i * STRIDE;
  }

  /** Makes header `i` that of the row's frame, and the frame one that goes with it. */
  write(i: number, pool: PacketPool, row: number): void {
    const left = pool.offload[row]!;
    if (left !== 0) this.#writeWork(i * STRIDE, pool, row, left);
    else if (this.#bytes[i * STRIDE + OFFLOAD_FLAGS] !== 0) this.#clear(i * STRIDE);
  }

  #clear(at: number): void {
    this.#bytes[at + OFFLOAD_FLAGS] = 0;
    this.#bytes[at + OFFLOAD_KIND] = KIND_PLAIN;
    this.#view.setUint16(at + OFFLOAD_HEADERS, 0);
  }

  #writeWork(at: number, pool: PacketPool, row: number, left: number): void {
    const view = this.#view;
    const start = pool.start[row]!;
    const l3 = pool.l3[row]!;
    const l4 = transportOf(pool.bytes, l3);
    const protocol = protocolOf(pool.bytes, l3);
    const field = protocol === TCP ? 16 : 6;
    const v6 = pool.bytes[l3]! >>> 4 === 6;
    const addresses = v6
      ? wordSum(pool.view, l3 + 8, l3 + 40)
      : wordSum(pool.view, l3 + 12, l3 + 20);
    const sum = addresses + protocol + (start + pool.length[row]! - l4);
    pool.view.setUint16(l4 + field, fold(sum));
    view.setUint8(at + OFFLOAD_FLAGS, CHECKSUM_NEEDED);
    view.setUint8(at + OFFLOAD_KIND, kindOf(left, v6, protocol));
    const headers = l4 + transportLength(pool.bytes, l4, protocol) - start;
    // No header can say what is to be done inside a tunnel. The kernel refuses one that claims more
    // headers than there are bytes, and the frame is counted.
    const tunnelled = l3 - start > LINK_MAX;
    view.setUint16(at + OFFLOAD_HEADERS, tunnelled ? 0xffff : headers, true);
    view.setUint16(at + OFFLOAD_SEGMENT, left & SEGMENT_MASK, true);
    view.setUint16(at + OFFLOAD_CHECKSUM_START, l4 - start, true);
    view.setUint16(at + OFFLOAD_CHECKSUM_OFFSET, field, true);
  }
}

function kindOf(left: number, v6: boolean, protocol: number): number {
  if ((left & SEGMENT_MASK) === 0) return KIND_PLAIN;
  if (protocol !== TCP) return KIND_UDP;
  return (v6 ? KIND_TCP_IPV6 : KIND_TCP_IPV4) | ((left & FIRST_REDUCES) === 0 ? 0 : KIND_ECN);
}
