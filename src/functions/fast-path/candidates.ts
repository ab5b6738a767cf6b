// Data path.
// Packets of a batch that may take the fast path, as arrays side by side: what `recognise` has read
// of them once and nobody behind it reads again.

import { BATCH_MAX } from "../../packet/limits.ts";

export class Candidates {
  count = 0;
  readonly rows = new Int32Array(BATCH_MAX);
  /** Where the IP header is, and where the IP packet ends. */
  readonly l3s = new Int32Array(BATCH_MAX);
  readonly ends = new Int32Array(BATCH_MAX);
  /** Flow keys one behind the other, in the words of the flow table. */
  readonly keys: Int32Array;

  constructor(keyWords: number) {
    this.keys = new Int32Array(BATCH_MAX * keyWords);
  }
}

/** Words of a flow key: 4 for IPv4, 10 for IPv6. */
export const KEY_WORDS_V4 = 4;
export const KEY_WORDS_V6 = 10;
