// Packets that have waited for the first fragment of their datagram, and come in once more.

import { Batch } from "../packet/batch.ts";
import { BATCH_MAX } from "../packet/limits.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { WAITING } from "../packet/verdict.ts";
import type { FragmentTable } from "../tables/fragment-table.ts";
import type { SnapshotHolder } from "../tables/snapshot.ts";

export class Returned {
  readonly batch = new Batch();
  /** Which packets they are. */
  readonly numbers = new Float64Array(BATCH_MAX);
  readonly #pool: PacketPool;
  readonly #fragments: FragmentTable;
  readonly #snapshot: SnapshotHolder;

  constructor(pool: PacketPool, fragments: FragmentTable, snapshot: SnapshotHolder) {
    this.#pool = pool;
    this.#fragments = fragments;
    this.#snapshot = snapshot;
    this.batch.returned = true;
  }

  /** Those of `batch` that wait from now on are known by their numbers; the first one's is
   * `before`. */
  number({ rows, count }: Batch, before: number): void {
    const { verdict, datagram } = this.#pool;
    const { number } = this.#fragments.room;
    for (let i = 0; i < count; i++) {
      if (verdict[rows[i]!] === WAITING) number[datagram[rows[i]!]!] = before + i;
    }
  }

  /** Fills the batch with as many as there are free rows for. Where they may have to be cut, rows
   * are left for as many pieces as there may be. */
  take(): void {
    const { room } = this.#fragments;
    const pool = this.#pool;
    const { batch } = this;
    let pieces = 0;
    while (this.#fragments.ready >= 0 && !batch.full) {
      const cell = this.#fragments.ready;
      pieces += this.#mostPieces(room.length[cell]!);
      if (batch.count > 0 && pieces >= pool.free) break;
      const row = pool.allocate();
      if (row < 0) break;
      const at = pool.open(row, room.rxInterface[cell]!, room.length[cell]!);
      room.load(cell, pool.words, at >> 2);
      const reason = room.reason[cell]!;
      pool.datagram[row] = reason === 0 ? room.owner[cell]! : -reason;
      this.numbers[batch.count] = room.number[cell]!;
      this.#fragments.takeReady();
      batch.push(row);
    }
  }

  /** Pieces that a frame of that length may be cut into, the longest IP header assumed. */
  #mostPieces(length: number): number {
    const { hasMtus, vpcMtus } = this.#snapshot.current;
    if (!hasMtus) return 0;
    const least = vpcMtus.reduce((a, b) => Math.min(a, b));
    return Math.ceil(length / ((least - 60) & -8));
  }
}
