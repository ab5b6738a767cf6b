// Cuts a pcapng stream into whole blocks, so that a file is right whenever it ends, and counts.

const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const OPTION_COMMENT = 1;
const OPTION_MISSED = 5;
/** Of interface statistics: where options begin, and those behind the number of missed packets. */
const STATISTICS_OPTIONS = 20;
const STATISTICS_MORE = STATISTICS_OPTIONS + 12;

export class CaptureBlocks {
  packets = 0;
  /** As the file says. */
  missed = 0;
  /** Why it is not whole, as the file says. */
  cut: string | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /** The whole blocks that are there now. Throws an Error for what is no pcapng of ours. */
  take(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 12) {
      const length = bytes.readUInt32LE(at + 4);
      if (length < 12 || length % 4 !== 0) throw new Error("what comes is no capture");
      if (length > bytes.length - at) break;
      this.#count(bytes.subarray(at, at + length));
      at += length;
    }
    this.#rest = bytes.subarray(at);
    return bytes.subarray(0, at);
  }

  #count(block: Buffer): void {
    const type = block.readUInt32LE(0);
    if (type === ENHANCED_PACKET) this.packets++;
    if (type !== INTERFACE_STATISTICS) return;
    if (block.readUInt16LE(STATISTICS_OPTIONS) !== OPTION_MISSED) return;
    this.missed = Number(block.readBigUInt64LE(STATISTICS_OPTIONS + 4));
    if (block.readUInt16LE(STATISTICS_MORE) !== OPTION_COMMENT) return;
    const length = block.readUInt16LE(STATISTICS_MORE + 2);
    this.cut = block.toString("utf8", STATISTICS_MORE + 4, STATISTICS_MORE + 4 + length);
  }
}
