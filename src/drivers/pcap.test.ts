import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { PacketPool } from "../packet/packet-pool.ts";
import { LINK_ETHERNET, LINK_RAW } from "./capture.ts";
import type { Wire } from "./contract.ts";
import { assertFrames, driverContract, receiveFrames, rowsWith, testFrame } from "./contract.ts";
import { PcapDriver } from "./pcap.ts";
import { CaptureReader } from "./pcap-read.ts";
import { PcapngWriter } from "./pcapng-write.ts";

const folder = mkdtempSync(path.join(tmpdir(), "isthmus-pcap-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function newFile(): string {
  return `${folder}/${files++}.pcapng`;
}

/** The far end writes the file that the driver reads, and reads what it writes. */
function pcapWire(): Wire {
  const [input, output] = [newFile(), newFile()];
  writeFileSync(input, "");
  const writer = new PcapngWriter((block) => appendFileSync(input, block));
  writer.interface("far", LINK_ETHERNET);
  const driver = new PcapDriver({ input, output }, { clock: new ManualClock(7) });
  let taken = 0;
  return {
    driver,
    frameMax: 3000,
    transmitMax: Number.POSITIVE_INFINITY,
    send(bytes) {
      writer.packet({ iface: 0, nanos: 1n, bytes });
      return true;
    },
    take() {
      const frames = read(output).map(({ bytes }) => bytes);
      const fresh = frames.slice(taken);
      taken = frames.length;
      return fresh;
    },
    close: () => driver.close(),
  };
}

function read(file: string): { bytes: Uint8Array; nanos: bigint }[] {
  const reader = new CaptureReader();
  const frames = reader.push(readFileSync(file));
  return frames.map(({ bytes, nanos }) => ({ bytes: bytes.slice(), nanos }));
}

driverContract("pcap", pcapWire);

function capture(linkType: number, records: readonly [number, number][]): string {
  const file = newFile();
  const writer = new PcapngWriter((block) => appendFileSync(file, block));
  writer.interface("one", linkType);
  records.forEach(([length, originalLength], number) => {
    writer.packet({ iface: 0, nanos: 1n, bytes: testFrame(number, length), originalLength });
  });
  return file;
}

function open(options: { input?: string; output?: string }): PcapDriver {
  return new PcapDriver(options, { clock: new ManualClock(7) });
}

test("pcap: what the capture cut off, or what is not Ethernet, is counted and not received", () => {
  const cut = open({
    input: capture(LINK_ETHERNET, [
      [60, 1500],
      [61, 61],
    ]),
  });
  assertFrames(receiveFrames(cut, new PacketPool(), 1), [testFrame(1, 61)]);
  assert.equal(cut.counters().receiveErrors, 1);
  const raw = open({ input: capture(LINK_RAW, [[60, 60]]) });
  assert.equal(receiveFrames(raw, new PacketPool(), 0).length, 0);
  assert.equal(raw.counters().receiveErrors, 1);
});

test("pcap: a broken file gives what is whole, and says where it breaks", () => {
  const file = capture(LINK_ETHERNET, [[60, 60]]);
  appendFileSync(file, new Uint8Array(32));
  const driver = open({ input: file });
  assert.equal(receiveFrames(driver, new PacketPool(), 1).length, 1);
  assert.equal(receiveFrames(driver, new PacketPool(), 0).length, 0);
  assert.match(driver.trouble ?? "", /at byte \d+, after packet 1/);
});

test("pcap: what is written carries the time of the clock", () => {
  const output = newFile();
  const driver = open({ output });
  driver.transmit(new PacketPool(), rowsWith(new PacketPool(), [testFrame(1, 60)]), 1);
  assert.equal(read(output)[0]?.nanos, 7_000_000n);
});

test("pcap: without a file frames go nowhere, and none come", () => {
  const driver = open({});
  const pool = new PacketPool();
  assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 1);
  assert.equal(receiveFrames(driver, pool, 0).length, 0);
});

test("pcap: a disk that is full is told, and what is lost counted", (t) => {
  if (!existsSync("/dev/full")) return t.skip("there is no /dev/full");
  const driver = open({ output: "/dev/full" });
  const pool = new PacketPool();
  assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
  assert.equal(driver.counters().transmitDrops, 1);
  assert.match(driver.trouble ?? "", /ENOSPC/);
  driver.close();
});

test("pcap: a file that is not there is an error", () => {
  assert.throws(() => open({ input: `${folder}/none` }), { code: "ENOENT" });
});
