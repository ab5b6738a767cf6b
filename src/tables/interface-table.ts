// Data path.
// What the data path must know of an interface before it can read a frame from it.

import { assert } from "../base/assert.ts";

/** Most interfaces of a gateway; a byte each. */
export const INTERFACES_MAX = 65_536;

/** Frames start with the IP header, not with Ethernet. */
export const RAW_IP = 1;
/** Frames may come in VXLAN. */
export const VXLAN = 2;
/** Frames start with something we cannot read; set together with RAW_IP. */
export const UNREADABLE = 4;
/** Frames count only when they are for the interface's MAC address, or for a group. */
export const ADDRESSED = 8;

export class InterfaceTable {
  /** By interface index: bits of the above. */
  readonly kinds = new Uint8Array(INTERFACES_MAX);
  /** By interface index: its MAC address, the first four bytes and the other two; of one with
   * tunnels, that of the gateway in them. */
  readonly macStarts = new Int32Array(INTERFACES_MAX);
  readonly macEnds = new Int32Array(INTERFACES_MAX);
  count = 0;

  add(kind: number, mac?: Uint8Array): number {
    assert(this.count < INTERFACES_MAX, `at most ${INTERFACES_MAX} interfaces`);
    const index = this.count++;
    this.set(index, kind, mac);
    return index;
  }

  /** Frames of a group, or of another MAC address, count only when there is no `mac`. */
  set(index: number, kind: number, mac?: Uint8Array): void {
    this.kinds[index] = mac === undefined ? kind : kind | ADDRESSED;
    if (mac === undefined) return;
    this.macStarts[index] = (mac[0]! << 24) | (mac[1]! << 16) | (mac[2]! << 8) | mac[3]!;
    this.macEnds[index] = (mac[4]! << 8) | mac[5]!;
  }
}
