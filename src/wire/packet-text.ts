// A packet as people give it: in notation, or byte by byte where notation has no words for it.

import { fromHex } from "./hex.ts";
import { buildPacket, NotationError, type PacketNotation, parsePacket } from "./notation.ts";
import type { Bound } from "./notation-types.ts";

const HEX = "hex ";

/** Notation, or the bytes of an IP packet. */
export type GivenPacket = PacketNotation | Uint8Array;

/** `text` is in notation, or "hex" and pairs of digits, with blanks or colons between them as
 * captures show them. Throws a NotationError. */
export function parseGivenPacket(text: string): GivenPacket {
  if (!text.startsWith(HEX)) return parsePacket(text);
  const digits = text.slice(HEX.length).replace(/[\s:]/g, "");
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) {
    throw new NotationError('after "hex" come pairs of digits 0-9 and a-f', text, HEX.length + 1);
  }
  return fromHex(digits);
}

/** Throws a NotationError when the packet cannot be built. */
export function buildGivenPacket(
  given: GivenPacket,
  bindings?: ReadonlyMap<string, Bound>,
): Uint8Array {
  return given instanceof Uint8Array ? given : buildPacket(given, bindings);
}
