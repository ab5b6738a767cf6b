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

export class InterfaceTable {
  /** By interface index: bits of the above. */
  readonly kinds = new Uint8Array(INTERFACES_MAX);
  count = 0;

  add(kind: number): number {
    assert(this.count < INTERFACES_MAX, `at most ${INTERFACES_MAX} interfaces`);
    this.kinds[this.count] = kind;
    return this.count++;
  }
}
