// Writes pcapng: one section, interfaces with names, nanosecond timestamps, a comment with each
// packet. Little-endian (draft-ietf-opsawg-pcapng).

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const INTERFACE_STATISTICS = 5;
const OPTION_COMMENT = 1;
const OPTION_INTERFACE_NAME = 2;
/** Of interface statistics: isb_ifdrop. */
const OPTION_MISSED = 5;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_USER_APPLICATION = 4;

export interface PacketRecord {
  /** As returned by `interface`. */
  readonly iface: number;
  /** Since 1970, in nanoseconds; below 2^64. */
  readonly nanos: bigint;
  readonly bytes: Uint8Array;
  /** Of the packet on the wire, when `bytes` is only its beginning. */
  readonly originalLength?: number | undefined;
  readonly comment?: string | undefined;
}

/** Hands blocks to `write` as they are made. */
export class PcapngWriter {
  readonly #write: (bytes: Uint8Array) => void;
  #interfaces = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, 0x1a2b3c4d, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true); // The length of the section is not said.
    const application = option(OPTION_USER_APPLICATION, encode("isthmus"));
    this.#block(SECTION_HEADER, [body, application, END_OF_OPTIONS]);
  }

  /** Returns the interface's index. */
  interface(name: string, linkType: number): number {
    const body = new Uint8Array(8);
    new DataView(body.buffer).setUint16(0, linkType, true);
    this.#block(INTERFACE_DESCRIPTION, [
      body,
      option(OPTION_INTERFACE_NAME, encode(name)),
      option(OPTION_TIME_RESOLUTION, Uint8Array.of(9)),
      END_OF_OPTIONS,
    ]);
    return this.#interfaces++;
  }

  packet({ iface, nanos, bytes, originalLength, comment }: PacketRecord): void {
    const body = new Uint8Array(20);
    const view = new DataView(body.buffer);
    view.setUint32(0, iface, true);
    view.setUint32(4, Number((nanos >> 32n) & 0xffffffffn), true);
    view.setUint32(8, Number(nanos & 0xffffffffn), true);
    view.setUint32(12, bytes.length, true);
    view.setUint32(16, originalLength ?? bytes.length, true);
    const parts = [body, bytes, padding(bytes.length)];
    if (comment) parts.push(option(OPTION_COMMENT, encode(comment)), END_OF_OPTIONS);
    this.#block(ENHANCED_PACKET, parts);
  }

  /** How many packets of the interface were missed so far. */
  statistics(iface: number, nanos: bigint, missed: number, comment?: string): void {
    const body = new Uint8Array(12);
    const view = new DataView(body.buffer);
    view.setUint32(0, iface, true);
    view.setUint32(4, Number((nanos >> 32n) & 0xffffffffn), true);
    view.setUint32(8, Number(nanos & 0xffffffffn), true);
    const count = new Uint8Array(8);
    new DataView(count.buffer).setBigUint64(0, BigInt(missed), true);
    const parts = [body, option(OPTION_MISSED, count)];
    if (comment) parts.push(option(OPTION_COMMENT, encode(comment)));
    this.#block(INTERFACE_STATISTICS, [...parts, END_OF_OPTIONS]);
  }

  #block(type: number, parts: readonly Uint8Array[]): void {
    const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
    const block = new Uint8Array(length);
    const view = new DataView(block.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, length, true);
    let at = 8;
    for (const part of parts) {
      block.set(part, at);
      at += part.length;
    }
    view.setUint32(length - 4, length, true);
    this.#write(block);
  }
}

const END_OF_OPTIONS = new Uint8Array(4);

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text).subarray(0, 0xffff);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

function option(code: number, value: Uint8Array): Uint8Array {
  const result = new Uint8Array(4 + Math.ceil(value.length / 4) * 4);
  const view = new DataView(result.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  result.set(value, 4);
  return result;
}
