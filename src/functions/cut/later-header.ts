// Data path.
// The IPv4 header of all fragments but the first: with those options only that ask to be copied
// (RFC 791, 3.1 and 3.2).

const FIXED = 20;
const HEADER_MAX = 60;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const COPIED = 0x80;

export class LaterHeader {
  readonly bytes = new Uint8Array(HEADER_MAX);
  /** In bytes: 20 to 60. */
  length = FIXED;

  /** Makes it the header that goes with the one at `at` in `packet`. Length, flags, offset and
   * checksum are still those of that one. */
  read(packet: Uint8Array, at: number): void {
    const { bytes } = this;
    for (let i = 0; i < FIXED; i++) bytes[i] = packet[at + i]!;
    let length = FIXED;
    const end = at + (packet[at]! & 15) * 4;
    for (let option = at + FIXED; option < end; ) {
      const kind = packet[option]!;
      if (kind === END_OF_OPTIONS) break;
      if (kind === NO_OPERATION) {
        option++;
        continue;
      }
      const size = option + 1 < end ? packet[option + 1]! : 0;
      // Whatever stands behind an option of impossible length is no option.
      if (size < 2 || option + size > end) break;
      if ((kind & COPIED) !== 0) {
        for (let i = 0; i < size; i++) bytes[length + i] = packet[option + i]!;
        length += size;
      }
      option += size;
    }
    while ((length & 3) !== 0) {
      bytes[length] = END_OF_OPTIONS;
      length++;
    }
    bytes[0] = 0x40 | (length >>> 2);
    this.length = length;
  }
}
