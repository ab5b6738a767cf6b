// One block of memory from which tables and pools take their parts, each starting on a cache line.
// An entry that straddles two lines costs up to twice as much, so alignment is worth a mechanism:
// WebAssembly memory starts on a page, ordinary buffers only on 16 bytes.

import { assert } from "./assert.ts";

/** Gives `bytes` zeroed bytes. */
export type Memory = (bytes: number) => ArrayBufferLike;

// The part of the WebAssembly interface we use; a lib for browsers would bring in much more.
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBufferLike };
};

const PAGE = 65536;
const LINE = 64;
const COLUMN_SHIFTS = 8;
/** What `column` takes beyond the numbers themselves, at most. */
export const COLUMN_WASTE = COLUMN_SHIFTS * 3 * LINE;

/** Ordinary memory: for tests and small tools, where thousands of gateways come and go. */
export const plainMemory: Memory = (bytes) => new ArrayBuffer(bytes);

/** Page-aligned memory; each block reserves gigabytes of address space, so make one per worker. */
export const alignedMemory: Memory = (bytes) => {
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
};

/** The same bytes, seen in several ways; words and quads are in the order of the machine. */
export interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly quads: BigInt64Array;
}

/** Hands out parts of one block, never takes them back: what it serves lives as long as it does. */
export class Arena {
  readonly #buffer: ArrayBufferLike;
  #next = 0;
  #columns = 0;

  constructor(bytes: number, memory: Memory) {
    this.#buffer = memory(bytes);
  }

  uint8(count: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(count), count);
  }

  int32(count: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(count * 4), count);
  }

  /** The same, a little further on: columns that steps read together must not all begin at the same
   * place of a page, or they push each other out of the cache and seem to alias. */
  column(count: number): Int32Array {
    this.#take((this.#columns++ % COLUMN_SHIFTS) * 3 * LINE);
    return this.int32(count);
  }

  /** A part that several views look at. */
  slab(bytes: number): Slab {
    const at = this.#take(bytes);
    return {
      bytes: new Uint8Array(this.#buffer, at, bytes),
      view: new DataView(this.#buffer, at, bytes),
      words: new Int32Array(this.#buffer, at, bytes >> 2),
      quads: new BigInt64Array(this.#buffer, at, bytes >> 3),
    };
  }

  #take(bytes: number): number {
    const at = this.#next;
    this.#next = at + Math.ceil(bytes / LINE) * LINE;
    assert(this.#next <= this.#buffer.byteLength, "the arena is as large as its parts together");
    return at;
  }
}
