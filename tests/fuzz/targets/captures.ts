// The capture reader: in whatever pieces a file arrives, it gives the same packets and the same
// sentence; what it gives can be written, and is then read the same.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { type CapturedFrame, LINK_RAW } from "../../../src/drivers/capture.ts";
import { CaptureReader } from "../../../src/drivers/pcap-read.ts";
import { PcapngWriter } from "../../../src/drivers/pcapng-write.ts";
import { root } from "../../support/source-files.ts";
import { damage, joined } from "../mutate-bytes.ts";
import type { Target } from "../target.ts";

const SEED_BYTES = 2000;
const FILE_MAX = 4000;
const PIECES = [1, 13, 64];

export const captures: Target<Uint8Array> = {
  name: "captures",
  unit: "files",
  corpus: "captures",
  extension: "pcap",
  seeds: () =>
    globSync("examples/captures/*", { cwd: root })
      .sort()
      .map((path) => new Uint8Array(readFileSync(`${root}${path}`)).slice(0, SEED_BYTES)),
  mutate: (file, other, random) => damage(file, other, random).subarray(0, FILE_MAX),
  split: (file) =>
    Array.from({ length: Math.ceil(file.length / 4) }, (_, i) => file.subarray(4 * i, 4 * i + 4)),
  join: (parts) => joined(...parts),
  read: (file) => new Uint8Array(file),
  write: (file) => file,
  judge: () => {
    let turn = 0;
    return (file) => {
      const whole = read(file, Math.max(file.length, 1));
      const pieces = read(file, PIECES[turn++ % PIECES.length]!);
      assert.deepEqual(pieces, whole, "pieces give what the whole gives");
      for (const { bytes, originalLength, nanos, iface } of whole.frames) {
        assert.ok(bytes.length <= originalLength && nanos >= 0n && nanos < 1n << 64n);
        assert.ok(iface < whole.interfaces.length, "a packet's interface is known");
      }
      const written = read(write(whole.frames), FILE_MAX * 4);
      assert.equal(written.trouble, undefined);
      assert.deepEqual(
        written.frames.map((frame) => ({ ...frame, iface: 0 })),
        whole.frames.map((frame) => ({ ...frame, iface: 0 })),
        "what is written is read again",
      );
      return 1;
    };
  },
};

function read(file: Uint8Array, size: number) {
  const reader = new CaptureReader();
  const frames: CapturedFrame[] = [];
  for (let at = 0; at < file.length; at += size) {
    for (const frame of reader.push(file.slice(at, at + size))) {
      frames.push({ ...frame, bytes: frame.bytes.slice() });
    }
    reader.detach();
  }
  reader.end();
  assert.equal(reader.packets, frames.length);
  return { frames, trouble: reader.trouble, interfaces: reader.interfaces };
}

function write(frames: readonly CapturedFrame[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk.slice()));
  const iface = writer.interface("fuzz", LINK_RAW);
  for (const { bytes, nanos, originalLength } of frames) {
    writer.packet({ iface, nanos, bytes, originalLength, comment: "" });
  }
  return joined(...chunks);
}
