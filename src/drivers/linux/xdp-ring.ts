// One of the four rings that an AF_XDP socket shares with the kernel: entries, and two counters
// that only ever grow (and wrap at 2^32). The producer writes entries and then its counter, the
// consumer reads them and then moves its own. Atomics order the counters with the entries.

import { MappedMemory } from "./mapped-memory.ts";
import type { System } from "./sys.ts";

/** struct xdp_ring_offset: four of 8 bytes. */
export const RING_OFFSETS = 32;
const PAGE = 4096;

export class XdpRing {
  /** The other side's words live here too. */
  readonly memory: MappedMemory;
  /** Our counter: produced or consumed by us, and perhaps not told yet. */
  next = 0;
  readonly #producer: number;
  readonly #consumer: number;
  readonly #entries: number;
  readonly #mask: number;
  readonly #entryWords: number;

  /**
   * `place` is where mmap(2) finds the ring, `offsets` what the kernel said of its inside; `size`
   * is the number of entries, a power of two, of `entryBytes` bytes.
   */
  constructor(
    system: System,
    fd: number,
    place: number,
    offsets: DataView,
    size: number,
    entryBytes: number,
    what: string,
  ) {
    const word = (field: number) => Number(offsets.getBigUint64(8 * field, true)) >> 2;
    this.#producer = word(0);
    this.#consumer = word(1);
    this.#entries = word(2);
    this.#mask = size - 1;
    this.#entryWords = entryBytes >> 2;
    const bytes = this.#entries * 4 + size * entryBytes;
    this.memory = new MappedMemory(system, fd, place, Math.ceil(bytes / PAGE) * PAGE, what);
  }

  /** Entries that the producer has ready for us. */
  ready(): number {
    return (Atomics.load(this.memory.words, this.#producer) - this.next) | 0;
  }

  /** Entries that we have produced and the consumer has not taken. */
  pending(): number {
    return (this.next - Atomics.load(this.memory.words, this.#consumer)) | 0;
  }

  /** The word at which entry number `next + ahead` is. */
  entry(ahead: number): number {
    return this.#entries + ((this.next + ahead) & this.#mask) * this.#entryWords;
  }

  /** The next `count` entries are written. */
  produce(count: number): void {
    this.next = (this.next + count) | 0;
    Atomics.store(this.memory.words, this.#producer, this.next);
  }

  /** The next `count` entries are read. */
  consume(count: number): void {
    this.next = (this.next + count) | 0;
    Atomics.store(this.memory.words, this.#consumer, this.next);
  }
}
