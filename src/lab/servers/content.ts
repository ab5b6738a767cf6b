// Bytes of any number that are the same every time, and no two places alike: for downloads.

import { createHash } from "node:crypto";
import { seededRandom } from "../../base/random.ts";

const BLOCK_BYTES = 64 * 1024;
const SEED = 7348;

/** In blocks, each of which begins with its number. Blocks given before stay as they are. */
export function* content(bytes: number): Generator<Uint8Array> {
  const random = seededRandom(SEED);
  const model = Uint8Array.from({ length: BLOCK_BYTES }, () => random.below(256));
  for (let at = 0; at < bytes; at += BLOCK_BYTES) {
    const block = model.slice(0, bytes - at);
    if (block.length >= 4) new DataView(block.buffer).setUint32(0, at / BLOCK_BYTES);
    yield block;
  }
}

/** In hexadecimal digits. */
export function contentSha256(bytes: number): string {
  const hash = createHash("sha256");
  for (const block of content(bytes)) hash.update(block);
  return hash.digest("hex");
}
