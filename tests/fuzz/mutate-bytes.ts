// Damage to bytes that knows nothing of what they mean.

import type { Random } from "../../src/base/random.ts";

const EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 20, 40, 64, 127, 128, 254, 255];
const WIDE = [0, 1, 7, 8, 19, 20, 40, 255, 256, 1280, 1500, 0x1fff, 0x2000, 0x7fff, 0x8000, 0xffff];

/** A copy, changed in one place. `other` gives bytes to put in. */
export function damage(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const kind = random.below(12);
  const at = random.below(Math.max(bytes.length, 1));
  if (kind >= 8) return resize(bytes, other, at, kind, random);
  const copy = bytes.slice();
  if (copy.length === 0) return copy;
  const view = new DataView(copy.buffer);
  if (kind < 2) copy[at] = copy[at]! ^ (1 << random.below(8));
  else if (kind < 4) copy[at] = random.below(256);
  else if (kind === 4) copy[at] = EDGES[random.below(EDGES.length)]!;
  else if (kind === 5) copy[at] = copy[at]! + random.below(9) - 4;
  else if (kind === 6 && at + 2 <= copy.length) {
    view.setUint16(at, WIDE[random.below(WIDE.length)]!, random.below(2) === 0);
  } else if (at + 4 <= copy.length) {
    view.setUint32(at, random.below(3) === 0 ? 0xffffffff : random.next());
  }
  return copy;
}

function resize(
  bytes: Uint8Array,
  other: Uint8Array,
  at: number,
  kind: number,
  random: Random,
): Uint8Array {
  if (kind === 8) return bytes.slice(0, at);
  const length = Math.min(1 + random.below(32), bytes.length - at);
  if (kind === 9) return joined(bytes.subarray(0, at), bytes.subarray(at + length));
  if (kind === 10) return joined(bytes.subarray(0, at + length), bytes.subarray(at));
  const from = random.below(Math.max(other.length, 1));
  const piece = other.subarray(from, from + 1 + random.below(48));
  return joined(bytes.subarray(0, at), piece, bytes.subarray(at + random.below(2) * piece.length));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
