// Reads captures: pcap (both byte orders, micro- and nanoseconds) and pcapng (several sections
// and interfaces, both byte orders). Takes the file in chunks and gives frames, so that a capture
// of any size needs little memory. A broken file gives what is whole, and then a sentence about
// where and why it stopped.
//
// pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng.

import { ByteQueue } from "./byte-queue.ts";
import type { CapturedFrame, CaptureInterface } from "./capture.ts";

/** Longest packet that is believed; larger numbers mean a broken file. */
const PACKET_MAX = 262_144;
const BLOCK_MAX = 16 * 1024 * 1024;
/** What 64 bits hold. */
const NANOS_LIMIT = 1n << 64n;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

/** First four bytes of a pcap file: whether it is little-endian, and nanoseconds of a time unit. */
const PCAP_MAGIC: ReadonlyMap<number, [littleEndian: boolean, nanosPerUnit: bigint]> = new Map([
  [0xa1b2c3d4, [false, 1000n]],
  [0xd4c3b2a1, [true, 1000n]],
  [0xa1b23c4d, [false, 1n]],
  [0x4d3cb2a1, [true, 1n]],
]);

interface NgInterface {
  readonly index: number;
  readonly snapLength: number;
  /** Timestamps count this many units a second. */
  readonly unitsPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

type Format = "unknown" | "pcap" | "pcapng";

export class CaptureReader {
  /** All interfaces met so far; pcap has one without a name. */
  readonly interfaces: CaptureInterface[] = [];
  /** Why reading stopped before the end; undefined while all is well. */
  trouble: string | undefined;
  /** Packets given so far. */
  packets = 0;

  readonly #queue = new ByteQueue();
  #format: Format = "unknown";
  #littleEndian = true;
  #nanosPerUnit = 1000n;
  /** Of the current pcapng section. */
  #section: NgInterface[] = [];

  /** The frames that `chunk` completes; views that stay valid until the next call. */
  push(chunk: Uint8Array): CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    if (this.trouble !== undefined) return frames;
    this.#queue.push(chunk);
    while (this.trouble === undefined && this.#step(frames)) {
      // Each step takes one header or block.
    }
    return frames;
  }

  /** No more chunks: sets `trouble` if something was begun and not finished. */
  end(): void {
    if (this.trouble !== undefined) return;
    if (this.#format === "unknown" && this.#queue.length === 0) this.#stop("the file is empty");
    else if (this.#queue.length > 0) this.#stop("the file ends in the middle of a packet or block");
  }

  /** Call before the memory of the last chunk is used for the next. */
  detach(): void {
    this.#queue.detach();
  }

  #step(frames: CapturedFrame[]): boolean {
    if (this.#format === "unknown") return this.#detect();
    return this.#format === "pcap" ? this.#pcapPacket(frames) : this.#block(frames);
  }

  #detect(): boolean {
    const header = this.#queue.peek(4);
    if (header === undefined) return false;
    const magic = viewOf(header).getUint32(0);
    if (magic === SECTION_HEADER) {
      this.#format = "pcapng";
      return true;
    }
    const kind = PCAP_MAGIC.get(magic);
    if (kind === undefined) {
      this.#stop("this is neither a pcap nor a pcapng file");
      return false;
    }
    const whole = this.#queue.peek(24);
    if (whole === undefined) return false;
    [this.#littleEndian, this.#nanosPerUnit] = kind;
    // The upper bits tell about frame check sequences.
    const linkType = viewOf(whole).getUint32(20, this.#littleEndian) & 0xffff;
    this.interfaces.push({ linkType });
    this.#format = "pcap";
    this.#queue.skip(24);
    return true;
  }

  #pcapPacket(frames: CapturedFrame[]): boolean {
    const header = this.#queue.peek(16);
    if (header === undefined) return false;
    const view = viewOf(header);
    const length = view.getUint32(8, this.#littleEndian);
    if (length > PACKET_MAX) {
      this.#stop(`a packet claims ${length} bytes`);
      return false;
    }
    const whole = this.#queue.peek(16 + length);
    if (whole === undefined) return false;
    const seconds = BigInt(view.getUint32(0, this.#littleEndian));
    const units = BigInt(view.getUint32(4, this.#littleEndian));
    this.#give(frames, {
      iface: 0,
      nanos: seconds * 1_000_000_000n + units * this.#nanosPerUnit,
      bytes: whole.subarray(16),
      originalLength: view.getUint32(12, this.#littleEndian),
    });
    this.#queue.skip(16 + length);
    return true;
  }

  #block(frames: CapturedFrame[]): boolean {
    const header = this.#queue.peek(12);
    if (header === undefined) return false;
    const view = viewOf(header);
    if (view.getUint32(0) === SECTION_HEADER && !this.#sectionStarts(view)) return false;
    const type = view.getUint32(0, this.#littleEndian);
    const length = view.getUint32(4, this.#littleEndian);
    if (length < 12 || length % 4 !== 0 || length > BLOCK_MAX) {
      this.#stop(`a block claims ${length} bytes`);
      return false;
    }
    const whole = this.#queue.peek(length);
    if (whole === undefined) return false;
    const twice = viewOf(whole).getUint32(length - 4, this.#littleEndian);
    if (twice !== length) {
      this.#stop(`a block claims ${length} bytes at its start and ${twice} at its end`);
      return false;
    }
    const trouble = this.#readBlock(type, viewOf(whole), whole, length - 4, frames);
    if (trouble !== undefined) {
      this.#stop(trouble);
      return false;
    }
    this.#queue.skip(length);
    return true;
  }

  #sectionStarts(view: DataView): boolean {
    const magic = view.getUint32(8);
    if (magic !== 0x1a2b3c4d && magic !== 0x4d3c2b1a) {
      this.#stop("a section does not tell its byte order");
      return false;
    }
    this.#littleEndian = magic === 0x4d3c2b1a;
    this.#section = [];
    return true;
  }

  /** `end` is where the closing length stands. A sentence when the block is broken. */
  #readBlock(
    type: number,
    view: DataView,
    block: Uint8Array,
    end: number,
    frames: CapturedFrame[],
  ): string | undefined {
    if (type === INTERFACE_DESCRIPTION) return this.#describe(view, block, end);
    if (type === ENHANCED_PACKET) {
      if (end < 28) return "a packet block is cut short";
      const iface = view.getUint32(8, this.#littleEndian);
      return this.#packet(frames, view, block, end, iface, 12);
    }
    if (type === OLD_PACKET) {
      if (end < 28) return "a packet block is cut short";
      const iface = view.getUint16(8, this.#littleEndian);
      return this.#packet(frames, view, block, end, iface, 12);
    }
    return type === SIMPLE_PACKET ? this.#simple(frames, view, block, end) : undefined;
  }

  /** Enhanced and old packet blocks, from their timestamp at `at` on. */
  #packet(
    frames: CapturedFrame[],
    view: DataView,
    block: Uint8Array,
    end: number,
    iface: number,
    at: number,
  ): string | undefined {
    const known = this.#section[iface];
    if (known === undefined) return `a packet names interface ${iface}, which is not described`;
    const length = view.getUint32(at + 8, this.#littleEndian);
    if (at + 16 + length > end) return "a packet is longer than its block";
    const high = BigInt(view.getUint32(at, this.#littleEndian));
    const units = (high << 32n) | BigInt(view.getUint32(at + 4, this.#littleEndian));
    const nanos =
      known.offsetSeconds * 1_000_000_000n + (units * 1_000_000_000n) / known.unitsPerSecond;
    if (nanos < 0n || nanos >= NANOS_LIMIT) return "a packet's time is before 1970 or after 2554";
    this.#give(frames, {
      iface: known.index,
      nanos,
      bytes: block.subarray(at + 16, at + 16 + length),
      originalLength: view.getUint32(at + 12, this.#littleEndian),
    });
    return undefined;
  }

  /** A simple packet block has no time and belongs to the first interface. */
  #simple(
    frames: CapturedFrame[],
    view: DataView,
    block: Uint8Array,
    end: number,
  ): string | undefined {
    const [known] = this.#section;
    if (known === undefined) return "a packet comes before any interface is described";
    const originalLength = view.getUint32(8, this.#littleEndian);
    const length = Math.min(originalLength, known.snapLength || originalLength, end - 12);
    const bytes = block.subarray(12, 12 + length);
    this.#give(frames, { iface: known.index, nanos: 0n, bytes, originalLength });
    return undefined;
  }

  #describe(view: DataView, block: Uint8Array, end: number): string | undefined {
    if (end < 16) return "an interface description is cut short";
    const linkType = view.getUint16(8, this.#littleEndian);
    const options = this.#options(view, block, 16, end);
    const nameBytes = options.get(2);
    const name = nameBytes && new TextDecoder().decode(nameBytes);
    const resolution = options.get(9)?.[0] ?? 6;
    const exponent = BigInt(resolution & 0x7f);
    const binary = (resolution & 0x80) !== 0;
    const offset = options.get(14);
    const hasOffset = offset !== undefined && offset.length === 8;
    this.#section.push({
      index: this.interfaces.length,
      snapLength: view.getUint32(12, this.#littleEndian),
      unitsPerSecond: binary ? 2n ** exponent : 10n ** exponent,
      offsetSeconds: hasOffset ? viewOf(offset).getBigInt64(0, this.#littleEndian) : 0n,
    });
    this.interfaces.push({ linkType, name });
    return undefined;
  }

  /** The last option of each number; a broken list ends where it breaks. */
  #options(view: DataView, block: Uint8Array, from: number, end: number): Map<number, Uint8Array> {
    const result = new Map<number, Uint8Array>();
    for (let at = from; at + 4 <= end; ) {
      const code = view.getUint16(at, this.#littleEndian);
      const length = view.getUint16(at + 2, this.#littleEndian);
      if (code === 0 || at + 4 + length > end) break;
      result.set(code, block.subarray(at + 4, at + 4 + length));
      at += 4 + Math.ceil(length / 4) * 4;
    }
    return result;
  }

  #give(frames: CapturedFrame[], frame: CapturedFrame): void {
    this.packets++;
    // Some programs claim less than they captured, which no reader of our output would take.
    const originalLength = Math.max(frame.originalLength, frame.bytes.length);
    frames.push({ ...frame, originalLength });
  }

  #stop(reason: string): void {
    this.trouble = `${reason} (at byte ${this.#queue.taken}, after packet ${this.packets})`;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
