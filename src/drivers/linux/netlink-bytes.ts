// The bytes of netlink(7): messages with a header of 16 bytes, and attributes (type, length, value)
// that may hold attributes themselves. Everything is aligned to 4 bytes, in native order, which is
// little-endian wherever this runs.

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
/** The upper bits of an attribute's type say how it is written. */
const TYPE_MASK = 0x3fff;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the header. */
  readonly body: Uint8Array;
}

/** The messages in `bytes`, as far as they are whole. */
export function readMessages(bytes: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Type and value of the attributes in `bytes` from `at`, as far as they are whole. Of several of
 * one type the last. */
export function readAttributes(bytes: Uint8Array, at: number): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let next = at; next + ATTRIBUTE_HEADER <= bytes.length; ) {
    const length = view.getUint16(next, true);
    if (length < ATTRIBUTE_HEADER || next + length > bytes.length) break;
    const value = bytes.subarray(next + ATTRIBUTE_HEADER, next + length);
    attributes.set(view.getUint16(next + 2, true) & TYPE_MASK, value);
    next += aligned(length);
  }
  return attributes;
}

/** A whole message. */
export function writeMessage(
  type: number,
  flags: number,
  sequence: number,
  fixed: Uint8Array,
  attributes: readonly (readonly [type: number, value: Uint8Array])[] = [],
): Uint8Array {
  const sizes = attributes.map(([, value]) => aligned(ATTRIBUTE_HEADER + value.length));
  const start = HEADER + aligned(fixed.length);
  const length = sizes.reduce((sum, size) => sum + size, start);
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(fixed, HEADER);
  let at = start;
  attributes.forEach(([attribute, value], i) => {
    view.setUint16(at, ATTRIBUTE_HEADER + value.length, true);
    view.setUint16(at + 2, attribute, true);
    bytes.set(value, at + ATTRIBUTE_HEADER);
    at += sizes[i]!;
  });
  return bytes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
