// Data path.
// Frames that wait, outside the packet pool, so that they keep no row from others. A frame lies in
// blocks of one arena, linked together: a long one takes more of them, and the arena is all that
// waiting can ever cost. Who waits for what its owner knows.

import { Arena, type Memory } from "../base/arena.ts";

const BLOCK_WORDS = 128;
/** Blocks for each frame: 2 KiB on average. */
const BLOCKS_EACH = 4;
const NONE = -1;

export class WaitingRoom {
  /** Most frames at a time. */
  readonly capacity: number;
  count = 0;
  /** By cell: bytes of the frame, the interface it came by, the cell that is next in its queue. */
  readonly length: Int32Array;
  readonly rxInterface: Int32Array;
  readonly next: Int32Array;
  /** By cell, for the owner: what it waits for, and why it no longer does. */
  readonly owner: Int32Array;
  readonly reason: Int32Array;
  /** By cell: which packet it is, counted from the first that was received. */
  readonly number: Float64Array;
  readonly #words: Int32Array;
  readonly #firstBlock: Int32Array;
  readonly #nextBlock: Int32Array;
  /** Heads of the free lists. */
  #freeCell = 0;
  #freeBlock = 0;
  #blocksLeft: number;

  constructor(capacity: number, memory: Memory) {
    const blocks = capacity * BLOCKS_EACH;
    const arena = new Arena(4 * (blocks * (BLOCK_WORDS + 1) + 6 * capacity) + 1024, memory);
    this.capacity = capacity;
    this.#words = arena.int32(blocks * BLOCK_WORDS);
    this.#nextBlock = arena.int32(blocks);
    this.length = arena.int32(capacity);
    this.rxInterface = arena.int32(capacity);
    this.next = arena.int32(capacity);
    this.owner = arena.int32(capacity);
    this.reason = arena.int32(capacity);
    this.#firstBlock = arena.int32(capacity);
    this.number = new Float64Array(capacity);
    this.#blocksLeft = blocks;
    for (let i = 0; i < capacity; i++) this.next[i] = i + 1 < capacity ? i + 1 : NONE;
    for (let i = 0; i < blocks; i++) this.#nextBlock[i] = i + 1 < blocks ? i + 1 : NONE;
  }

  /** Copies in the frame of `length` bytes that starts at word `from`; its cell, or -1 when there
   * is no room. */
  store(words: Int32Array, from: number, length: number, rxInterface: number): number {
    const needed = Math.max(1, Math.ceil(length / (4 * BLOCK_WORDS)));
    const cell = this.#freeCell;
    if (cell < 0 || needed > this.#blocksLeft) return NONE;
    this.#freeCell = this.next[cell]!;
    this.next[cell] = NONE;
    this.length[cell] = length;
    this.rxInterface[cell] = rxInterface;
    this.count++;
    this.#firstBlock[cell] = this.#freeBlock;
    this.#blocksLeft -= needed;
    let left = (length + 3) >> 2;
    let block = this.#freeBlock;
    for (let i = 0; i < needed; i++) {
      const at = block * BLOCK_WORDS;
      const base = from + i * BLOCK_WORDS;
      for (let word = 0; word < BLOCK_WORDS && word < left; word++) {
        this.#words[at + word] = words[base + word]!;
      }
      left -= BLOCK_WORDS;
      const following = this.#nextBlock[block]!;
      if (i === needed - 1) this.#nextBlock[block] = NONE;
      block = following;
    }
    this.#freeBlock = block;
    return cell;
  }

  /** Copies the frame out, to word `at`, or its first `most` bytes (a multiple of four); how many
   * bytes. */
  load(cell: number, words: Int32Array, at: number, most = this.length[cell]!): number {
    const size = this.length[cell]! < most ? this.length[cell]! : most;
    let left = (size + 3) >> 2;
    let to = at;
    for (let block = this.#firstBlock[cell]!; left > 0; block = this.#nextBlock[block]!) {
      const from = block * BLOCK_WORDS;
      for (let word = 0; word < BLOCK_WORDS && word < left; word++) {
        words[to + word] = this.#words[from + word]!;
      }
      left -= BLOCK_WORDS;
      to += BLOCK_WORDS;
    }
    return size;
  }

  free(cell: number): void {
    let last = this.#firstBlock[cell]!;
    let blocks = 1;
    while (this.#nextBlock[last]! >= 0) {
      last = this.#nextBlock[last]!;
      blocks++;
    }
    this.#nextBlock[last] = this.#freeBlock;
    this.#freeBlock = this.#firstBlock[cell]!;
    this.#blocksLeft += blocks;
    this.next[cell] = this.#freeCell;
    this.#freeCell = cell;
    this.count--;
  }
}
