import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { type CapturedFrame, LINK_ETHERNET, LINK_RAW } from "./capture.ts";
import { CaptureReader } from "./pcap-read.ts";
import { type PacketRecord, PcapngWriter } from "./pcapng-write.ts";

interface Result {
  readonly frames: { iface: number; nanos: bigint; bytes: number[]; originalLength: number }[];
  readonly reader: CaptureReader;
}

/** Reads `file` in pieces of `size` bytes. */
function read(file: Uint8Array, size = file.length || 1): Result {
  const reader = new CaptureReader();
  const frames: Result["frames"] = [];
  for (let at = 0; at < file.length; at += size) {
    const given: CapturedFrame[] = reader.push(file.slice(at, at + size));
    frames.push(...given.map((frame) => ({ ...frame, bytes: [...frame.bytes] })));
    reader.detach();
  }
  reader.end();
  return { frames, reader };
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A pcap file of one packet "abc" at 5.000007 s (or .000000007 s). */
function pcap(magic: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(24 + 16 + 3);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint32(16, 65535, littleEndian);
  view.setUint32(20, LINK_RAW, littleEndian);
  view.setUint32(24, 5, littleEndian);
  view.setUint32(28, 7, littleEndian);
  view.setUint32(32, 3, littleEndian);
  view.setUint32(36, 9, littleEndian);
  bytes.set([0x61, 0x62, 0x63], 40);
  return bytes;
}

for (const littleEndian of [true, false]) {
  for (const [magic, nanos] of [
    [0xa1b2c3d4, 5_000_007_000n],
    [0xa1b23c4d, 5_000_000_007n],
  ] as const) {
    test(`pcap ${magic.toString(16)}, ${littleEndian ? "little" : "big"}-endian`, () => {
      const { frames, reader } = read(pcap(magic, littleEndian));
      assert.deepEqual(frames, [{ iface: 0, nanos, bytes: [97, 98, 99], originalLength: 9 }]);
      assert.deepEqual(reader.interfaces, [{ linkType: LINK_RAW }]);
      assert.equal(reader.trouble, undefined);
    });
  }
}

/** pcapng in big-endian with an old packet block, a simple one, an unknown one, two sections. */
function oddPcapng(): Uint8Array {
  const block = (type: number, words: number[], data: number[] = []) => {
    const length = 12 + words.length * 4 + data.length;
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type);
    view.setUint32(4, length);
    words.forEach((word, index) => {
      view.setUint32(8 + 4 * index, word);
    });
    bytes.set(data, 8 + 4 * words.length);
    view.setUint32(length - 4, length);
    return bytes;
  };
  const section = block(0x0a0d0d0a, [0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff]);
  // Timestamps in 2^-10 s, counted from second 100.
  const options = [0x00090001, 0x8a000000, 0x000e0008, 0, 100, 0];
  const described = block(1, [0x00010000, 4, ...options]);
  return join([
    section,
    described,
    block(0x0bad, [1, 2, 3]),
    block(2, [0, 0, 512, 4, 60], [1, 2, 3, 4]),
    section,
    described,
    block(3, [60], [9, 8, 7, 6]),
  ]);
}

test("pcapng: sections, old and simple packets, unknown blocks, odd time units", () => {
  const { frames, reader } = read(oddPcapng());
  assert.equal(reader.trouble, undefined);
  assert.deepEqual(frames, [
    { iface: 0, nanos: 100_500_000_000n, bytes: [1, 2, 3, 4], originalLength: 60 },
    { iface: 1, nanos: 0n, bytes: [9, 8, 7, 6], originalLength: 60 },
  ]);
});

test("pcapng: a block whose two lengths differ stops the reading, with its place", () => {
  const file = oddPcapng();
  const at = file.length - 1;
  file[at] = file[at]! + 4;
  const { frames, reader } = read(file);
  assert.equal(frames.length, 1);
  assert.match(reader.trouble ?? "", /claims 20 bytes at its start and 24 at its end \(at byte/);
});

test("pcapng: a time that no output can hold stops the reading", () => {
  const file = oddPcapng();
  // The offset of the first interface: the last options of its description, in seconds.
  const view = new DataView(file.buffer);
  const offset = 28 + 8 + 8 + 8 + 4;
  assert.equal(view.getBigInt64(offset), 100n);
  view.setBigInt64(offset, -100n);
  assert.match(read(file).reader.trouble ?? "", /before 1970/);
});

test("pcap: a packet is never longer in the capture than it was", () => {
  const file = pcap(0xa1b2c3d4, true);
  new DataView(file.buffer).setUint32(36, 2, true);
  assert.equal(read(file).frames[0]?.originalLength, 3);
});

test("pcapng: what was cut off stays known", () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  writer.interface("one", LINK_ETHERNET);
  writer.packet({ iface: 0, nanos: 1n, bytes: Uint8Array.of(1, 2, 3), originalLength: 60 });
  assert.equal(read(join(chunks)).frames[0]?.originalLength, 60);
});

const record = fc.record({
  iface: fc.nat({ max: 2 }),
  nanos: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
  bytes: fc.uint8Array({ maxLength: 90 }),
  comment: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
});

function write(records: readonly PacketRecord[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  for (const name of ["one", "two", "three"]) writer.interface(name, LINK_ETHERNET);
  for (const each of records) writer.packet(each);
  return join(chunks);
}

property(
  "what is written is read again, whatever the pieces it comes in",
  [fc.array(record, { maxLength: 12 }), fc.integer({ min: 1, max: 200 })],
  (records, size) => {
    const { frames, reader } = read(write(records), size);
    assert.equal(reader.trouble, undefined);
    assert.deepEqual(
      reader.interfaces.map(({ name }) => name),
      ["one", "two", "three"],
    );
    assert.deepEqual(
      frames,
      records.map(({ iface, nanos, bytes }) => ({
        iface,
        nanos,
        bytes: [...bytes],
        originalLength: bytes.length,
      })),
    );
  },
);

property(
  "a file cut anywhere gives its whole packets and says that it is cut",
  [fc.array(record, { minLength: 1, maxLength: 6 }), fc.nat()],
  (records, pick) => {
    const whole = write(records);
    const cut = whole.subarray(0, pick % whole.length);
    const { frames, reader } = read(cut);
    assert.ok(frames.length <= records.length);
    if (cut.length === 0) assert.match(reader.trouble ?? "", /empty/);
    frames.forEach((frame, index) => {
      assert.deepEqual(frame.bytes, [...records[index]!.bytes]);
    });
  },
);

property(
  "any bytes are read without an exception",
  [
    fc.constantFrom(pcap(0xa1b2c3d4, true), oddPcapng(), write([])),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 8 }),
    fc.uint8Array({ maxLength: 60 }),
  ],
  (file, changes, tail) => {
    const bytes = join([file, tail]);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const { frames, reader } = read(bytes);
    assert.equal(frames.length, reader.packets);
  },
  { runs: 2000 },
);

test("a packet that claims to be enormous stops the reading, with its place", () => {
  const bytes = pcap(0xa1b2c3d4, true);
  new DataView(bytes.buffer).setUint32(32, 3_000_000_000, true);
  assert.match(read(bytes).reader.trouble ?? "", /3000000000 bytes \(at byte 24, after packet 0\)/);
});
