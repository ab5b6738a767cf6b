// Data path.
// Which parts of each datagram have come. No part may overlap another (RFC 5722; RFC 8200, 4.5; for
// IPv4 RFC 1858 and RFC 3128 say what overlaps are good for), so a list of them is enough.

import type { Arena } from "../base/arena.ts";

/** Most fragments of a datagram: the longest one, cut for the smallest network that hosts must
 * serve (576 bytes, RFC 791, 3.2). */
export const PARTS_MAX = 128;

// What `add` finds.
export const ADDED = 0;
/** The very same part has come already. */
export const DUPLICATE = 1;
/** It overlaps another, or they do not agree where the datagram ends. */
export const OVERLAP = 2;
/** More parts than are kept. */
export const CROWDED = 3;

export class FragmentParts {
  static readonly bytesEach = 4 * (PARTS_MAX + 3);
  /** First unit of eight bytes << 16 | the unit behind the last. */
  readonly #parts: Int32Array;
  readonly #count: Int32Array;
  /** Units that have come. */
  readonly #units: Int32Array;
  /** Bytes of the whole, -1 until the last part says it. */
  readonly #total: Int32Array;

  constructor(arena: Arena, capacity: number) {
    this.#parts = arena.int32(capacity * PARTS_MAX);
    this.#count = arena.int32(capacity);
    this.#units = arena.int32(capacity);
    this.#total = arena.int32(capacity);
  }

  clear(datagram: number): void {
    this.#count[datagram] = 0;
    this.#units[datagram] = 0;
    this.#total[datagram] = -1;
  }

  /** Whether all of it has come. */
  complete(datagram: number): boolean {
    const total = this.#total[datagram]!;
    return total >= 0 && this.#units[datagram]! === (total + 7) >> 3;
  }

  /** The bytes from `begin` to `end`; `last`: nothing follows. All but the last end, as all begin,
   * at a multiple of eight. */
  add(datagram: number, begin: number, end: number, last: boolean): number {
    const total = this.#total[datagram]!;
    const first = begin >> 3;
    const behind = (end + 7) >> 3;
    const count = this.#count[datagram]!;
    const at = datagram * PARTS_MAX;
    const part = (first << 16) | behind;
    if (!last && total >= 0 && end > total) return OVERLAP;
    for (let i = 0; i < count; i++) {
      const other = this.#parts[at + i]!;
      if (other === part) return last === (total === end) ? DUPLICATE : OVERLAP;
      const otherEnd = other & 0xffff;
      if (first < otherEnd && other >>> 16 < behind) return OVERLAP;
      if (last && otherEnd > first) return OVERLAP;
    }
    if (last && total >= 0) return OVERLAP;
    if (count === PARTS_MAX) return CROWDED;
    this.#parts[at + count] = part;
    this.#count[datagram] = count + 1;
    this.#units[datagram] = this.#units[datagram]! + behind - first;
    if (last) this.#total[datagram] = end;
    return ADDED;
  }
}
