// Data path.
// Longest prefix match, for both families alike: a trie that takes one byte of the address a step.
//
//   node = 256 cells, one for each value of the next byte
//   cell >= 0   the first cell of the next node
//   cell <  0   a leaf: ~cell is the value, 0 for "no prefix covers this"
//
// The address is read where it lies, in network order, so a lookup costs no conversion. Many tries
// share one array of cells; a trie is known by its root, which is itself a cell. Tries are built
// once, for one configuration, and never changed.

import type { Prefix } from "../wire/prefix.ts";

/** The root of a trie that covers nothing. */
export const EMPTY_ROOT = -1;

/** The value at the longest prefix that covers the address at `bytes[at]`; 0 when none does. */
export function lookup(cells: Int32Array, root: number, bytes: Uint8Array, at: number): number {
  let cell = root;
  let next = at;
  while (cell >= 0) {
    cell = cells[cell + bytes[next]!]!;
    next++;
  }
  return ~cell;
}

export interface TrieEntry {
  readonly prefix: Prefix;
  /** Told the value that covered the prefix so far (0: none), gives the value to put there. Called
   * exactly once, shorter prefixes before longer, equal ones in the order given. */
  value(covered: number): number;
}

const NODE = 256;

/** Collects the tries of one configuration, and then of the next. It has two memories and uses them
 * by turns, each as large as the largest asked of it: making room takes longer than filling it. */
export class TrieBuilder {
  #cells = new Int32Array(64 * NODE);
  #others = new Int32Array(64 * NODE);
  #used = 0;

  /** Builds one trie and returns its root. All prefixes must be of one family. */
  add(entries: readonly TrieEntry[]): number {
    let root = EMPTY_ROOT;
    const ordered = [...entries].sort((a, b) => a.prefix.length - b.prefix.length);
    for (const entry of ordered) root = this.#insert(root, entry);
    return root;
  }

  /** The cells of all tries made since the last time. They stay as they are until, behind one more
   * call, the first trie of the time after that is made. */
  finish(): Int32Array {
    const cells = this.#cells.subarray(0, this.#used);
    [this.#cells, this.#others] = [this.#others, this.#cells];
    this.#used = 0;
    return cells;
  }

  #insert(root: number, entry: TrieEntry): number {
    const { prefix } = entry;
    if (prefix.length === 0) return ~entry.value(~root);
    const newRoot = root >= 0 ? root : this.#node(root);
    let node = newRoot;
    let depth = 0;
    for (; (depth + 1) * 8 < prefix.length; depth++) {
      const at = node + byteOf(prefix, depth);
      const child = this.#cells[at]!;
      node = child >= 0 ? child : this.#node(child);
      this.#cells[at] = node;
    }
    // No longer prefix is in yet, so the cells of this prefix all hold the same leaf.
    const first = node + byteOf(prefix, depth);
    const leaf = ~entry.value(~this.#cells[first]!);
    this.#cells.fill(leaf, first, first + (1 << ((depth + 1) * 8 - prefix.length)));
    return newRoot;
  }

  /** A new node whose cells all hold `leaf`. */
  #node(leaf: number): number {
    const at = this.#used;
    this.#used += NODE;
    if (this.#used > this.#cells.length) {
      const larger = new Int32Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#cells.fill(leaf, at, at + NODE);
    return at;
  }
}

function byteOf(prefix: Prefix, depth: number): number {
  const bits = prefix.family === 4 ? 32 : 128;
  return Number((prefix.network >> BigInt(bits - 8 * (depth + 1))) & 0xffn);
}
