// What a network card was to do passes AF_PACKET as it came, where that is asked for: byte for
// byte, with a header that means the same.

import assert from "node:assert/strict";
import { after } from "node:test";
import {
  assertFrames,
  driverContract,
  receiveFrames,
  testFrame,
  until,
} from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { Batch } from "../../src/packet/batch.ts";
import { WHOLE_SLOT_BYTES } from "../../src/packet/limits.ts";
import { SEGMENT_MASK, UNFINISHED } from "../../src/packet/offload.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { dissect } from "../../src/wire/dissect.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { vxlanFrame } from "../support/frames.ts";
import { liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";
import { Veth, vethWire } from "./veth.ts";
import { onVeth } from "./veth-contract.ts";

const why = whyNotLive();
const system = await liveSystem(why);

let cable: Veth | undefined;
after(() => cable?.close());
driverContract(
  "AF_PACKET, whole",
  () => {
    cable ??= new Veth(system);
    const options = { interface: "near0", promiscuous: true, whole: true };
    return vethWire(system, () => openAfPacket(options, system), cable);
  },
  why,
);

interface Scene {
  readonly driver: Driver;
  readonly sender: Probe;
  readonly receiver: Probe;
  readonly pool: PacketPool;
  readonly veth: Veth;
}

function prove(name: string, work: (scene: Scene) => void): void {
  onVeth(`AF_PACKET, whole: ${name}`, system, why, (veth) => {
    const driver = veth.atNear(() => openAfPacket({ interface: "near0", whole: true }, system));
    const probes = [1, 2].map(() => veth.atFar(() => new Probe(system, "far0")));
    const pool = new PacketPool({ slots: 64, slotBytes: WHOLE_SLOT_BYTES });
    try {
      work({ driver, sender: probes[0]!, receiver: probes[1]!, pool, veth });
    } finally {
      driver.close();
      for (const probe of probes) probe.close();
    }
  });
}

/** The rows that come, `count` of them if so many do. */
function receiveRows({ driver, pool }: Scene, count: number): Int32Array {
  const batch = new Batch();
  until(
    () => batch.count >= count,
    () => driver.receive(pool, batch, 0),
  );
  return batch.rows.slice(0, batch.count);
}

function takeBack({ receiver }: Scene, count: number): Unfinished[] {
  const seen: Unfinished[] = [];
  until(
    () => seen.length >= count,
    () => seen.push(...receiver.takeUnfinished()),
  );
  return seen;
}

const TCP4 = "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack df";
const TCP6 = "tcp [2001:db8::1]:1000 > [2001:db8::2]:80 ack";
const UDP4 = "udp 10.0.0.1:1000 > 10.0.0.2:53 df";
const UDP6 = "udp [2001:db8::1]:1000 > [2001:db8::2]:53";
const CASES: readonly (readonly [string, number, number])[] = [
  [TCP4, 20_001, 1448],
  [TCP4, 65_400, 1448],
  ["tcp 10.0.0.1:1000 > 10.0.0.2:80 ack,cwr df", 4000, 999],
  [TCP4, 1200, 500],
  [TCP4, 0, 0],
  [TCP4, 777, 0],
  [TCP6, 20_001, 1428],
  [TCP6, 1, 0],
  [UDP4, 9001, 1472],
  [UDP4, 100, 0],
  [UDP6, 9001, 1000],
  [UDP6, 1000, 0],
];

for (const [text, payload, segment] of CASES) {
  prove(`in and out, ${text}, ${payload} bytes in segments of ${segment}`, (scene) => {
    const { driver, pool } = scene;
    const sent = unfinished(text, payload, segment);
    assert.ok(scene.sender.sendUnfinished(sent));
    const rows = receiveRows(scene, 1);
    assert.equal(rows.length, 1);
    const row = rows[0]!;
    const start = pool.start[row]!;
    assertFrames([pool.bytes.slice(start, start + pool.length[row]!)], [sent.frame]);
    assert.equal(pool.offload[row]! & SEGMENT_MASK, segment);
    assert.ok(pool.offload[row]! & UNFINISHED);
    // Whatever translation has made of the checksum.
    const { l4, protocol } = dissect(sent.frame.subarray(14))!;
    pool.view.setUint16(start + 14 + l4 + (protocol === 6 ? 16 : 6), 0x4321);
    assert.equal(driver.transmit(pool, rows, 1), 1);
    const [back] = takeBack(scene, 1);
    assertFrames([back!.frame], [sent.frame]);
    // The kernel's own idea of how long the headers are may be another.
    for (const header of [back!.header, sent.header]) header.fill(0, 2, 4);
    assert.deepEqual(back!.header, sent.header);
    assert.equal(driver.counters().received, 1);
    assert.equal(driver.counters().transmitted, 1);
  });
}

prove("behind a VLAN tag", (scene) => {
  const sent = unfinished(TCP4, 9000, 1400, [0x2064]);
  scene.sender.sendUnfinished(sent);
  const rows = receiveRows(scene, 1);
  const start = scene.pool.start[rows[0]!]!;
  assertFrames([scene.pool.bytes.slice(start, start + sent.frame.length)], [sent.frame]);
  assert.equal(scene.pool.l3[rows[0]!], start + 18);
  assert.equal(scene.driver.transmit(scene.pool, rows, 1), 1);
  const [back] = takeBack(scene, 1);
  assertFrames([back!.frame], [sent.frame]);
});

prove("ordinary frames are ordinary again after a super-frame in the same place", (scene) => {
  const { driver, pool } = scene;
  scene.sender.sendUnfinished(unfinished(TCP4, 9000, 1400));
  const [row = -1] = receiveRows(scene, 1);
  const plain = pool.allocate();
  for (const length of [14, 60, 1514]) {
    pool.bytes.set(testFrame(1, length), pool.open(plain, 0, length));
    for (const rows of [[row, row], [row], [plain], [plain, row]]) {
      assert.equal(driver.transmit(pool, Int32Array.from(rows), rows.length), rows.length);
    }
    const seen = takeBack(scene, 6);
    const long = pool.length[row]!;
    assert.deepEqual(
      seen.map(({ frame }) => frame.length),
      [long, long, long, length, length, long],
    );
    for (const back of seen.slice(3, 5)) {
      assertFrames([back.frame], [testFrame(1, length)]);
      assert.deepEqual(back.header, new Uint8Array(10));
    }
  }
});

prove("many of them, with others between, in their order", (scene) => {
  const { driver, pool } = scene;
  for (let i = 0; i < 40; i++) {
    scene.sender.sendUnfinished(
      unfinished(TCP4, i % 3 === 0 ? 30_000 + i : i, i % 3 === 0 ? 1400 : 0),
    );
  }
  const rows = receiveRows(scene, 40);
  const lengths = Array.from(rows, (row) => pool.length[row]!);
  assert.deepEqual(
    lengths,
    Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 30_000 + i : i) + 54),
  );
  assert.equal(driver.transmit(pool, rows, 40), 40);
  assert.deepEqual(
    takeBack(scene, 40).map(({ frame }) => frame.length),
    lengths,
  );
});

prove("an empty pool leaves them until there are rows", (scene) => {
  const { driver, pool } = scene;
  const held: number[] = [];
  for (let row = pool.allocate(); row >= 0; row = pool.allocate()) held.push(row);
  const sent = unfinished(TCP4, 20_000, 1400);
  scene.sender.sendUnfinished(sent);
  const batch = new Batch();
  assert.equal(driver.receive(pool, batch, 0), 0);
  pool.release(held[0]!);
  const [row = -1] = receiveRows(scene, 1);
  assert.equal(pool.length[row], sent.frame.length);
});

prove("what is longer than a slot comes in segments", ({ driver, sender }) => {
  sender.sendUnfinished(unfinished(TCP4, 20_000, 1400));
  const frames = receiveFrames(driver, new PacketPool(), 15);
  assert.equal(frames.length, 15);
  for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
});

prove("what may be fragmented comes finished", ({ driver, sender, pool }) => {
  sender.sendUnfinished(unfinished(TCP4.replace(" df", ""), 20_000, 1400));
  sender.sendUnfinished(unfinished(UDP4.replace(" df", ""), 200, 0));
  const frames = receiveFrames(driver, pool, 16);
  assert.equal(frames.length, 16);
  for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
});

prove("in a tunnel it cannot go out so, and is counted", (scene) => {
  const { driver, pool } = scene;
  for (const text of [TCP4, UDP4]) {
    const inner = unfinished(text, 3000, 1400);
    scene.sender.sendUnfinished(inner);
    const [row = -1] = receiveRows(scene, 1);
    const frame = vxlanFrame(7, inner.frame);
    const start = pool.start[row]! - 50;
    pool.bytes.set(frame, start);
    pool.start[row] = start;
    pool.length[row] = frame.length;
    assert.equal(driver.transmit(pool, Int32Array.of(row), 1), 0);
  }
  assert.equal(driver.counters().transmitDrops, 2);
});

prove("nothing is written beyond a row's slot", (scene) => {
  const { pool } = scene;
  pool.bytes.fill(0xee);
  scene.sender.sendUnfinished(unfinished(TCP4, 65_400, 1448, [5]));
  const [row = -1] = receiveRows(scene, 1);
  const next = (row + 1) * pool.slotBytes;
  assert.ok(pool.bytes.subarray(next, next + pool.slotBytes).every((byte) => byte === 0xee));
});
