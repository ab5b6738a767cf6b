import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMemory } from "../base/arena.ts";
import { HEADROOM } from "../packet/limits.ts";
import { PacketPool } from "../packet/packet-pool.ts";
import { DROP } from "../packet/verdict.ts";
import { HeldPackets } from "../tables/held-packets.ts";
import { DropLedger, type DropLedgerOptions } from "./drop-ledger.ts";
import { SAMPLE_BYTES, SAMPLES_EACH } from "./drop-samples.ts";

const NOT_IP = DROP["not-ip"].code;
const PORT_ZERO = DROP["port-zero"].code;
const UNRESOLVED = DROP["neighbor-unresolved"].code;
const STEP = 3;
const pool = new PacketPool({ slots: 16, slotBytes: 1024 });

/** With VPC 0 as number 1 and so on, and direction 0 leading to VPC 1. */
function ledgerOf(options: DropLedgerOptions = {}): DropLedger {
  const ledger = new DropLedger(pool, options);
  ledger.renumber(Int32Array.of(0, 1, 2, 3), Int32Array.of(2));
  return ledger;
}

/** A row of `length` bytes, all of them `fill`, from that VPC. */
function packet({ vpc = -1, direction = -1, iface = 0, length = 64, fill = 7 } = {}): number {
  const row = 5;
  const at = pool.open(row, iface, length);
  pool.bytes.fill(fill, at, at + Math.min(length, pool.frameMax));
  pool.vpc[row] = vpc;
  pool.direction[row] = direction;
  pool.l3[row] = -1;
  pool.flow[row] = -1;
  return row;
}

/** "code step interface from>to: count" of each counter. */
function tell({ cells, counts }: DropLedger): string[] {
  return Array.from({ length: cells.count }, (_, cell) => {
    const first = cells.firsts[cell]!;
    const second = cells.seconds[cell]!;
    const where = `${first & 0xff} ${(first >>> 8) & 0xff} ${first >>> 16}`;
    return `${where} ${second >>> 16}>${second & 0xffff}: ${counts[cell]}`;
  });
}

function serials({ samples }: DropLedger): number[] {
  return Array.from(samples.serial).filter((serial) => serial > 0);
}

test("packets are counted by reason, step, interface and VPCs", () => {
  const ledger = ledgerOf();
  ledger.write(packet({ vpc: 0, direction: 0 }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0, direction: 0 }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0 }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0, direction: 0, iface: 65_535 }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0, direction: 0 }), NOT_IP, 4);
  ledger.write(packet({ vpc: 2, direction: 0 }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0, direction: 0 }), PORT_ZERO, STEP);
  ledger.write(packet(), NOT_IP, STEP);
  ledger.write(packet({ vpc: 0, direction: 0 }), NOT_IP, STEP);
  assert.deepEqual(tell(ledger), [
    "20 3 0 1>2: 3",
    "20 3 0 1>0: 1",
    "20 3 65535 1>2: 1",
    "20 4 0 1>2: 1",
    "20 3 0 3>2: 1",
    "51 3 0 1>2: 1",
    "20 3 0 0>0: 1",
  ]);
});

test("when all counters are taken, what is new is counted by its reason, and sampled", () => {
  const ledger = ledgerOf({ cells: 2, kinds: 4 });
  for (const iface of [0, 1, 2, 3, 0]) ledger.write(packet({ vpc: 0, iface }), NOT_IP, STEP);
  ledger.write(packet({ vpc: 1, iface: 2 }), PORT_ZERO, STEP);
  assert.deepEqual(tell(ledger), ["20 3 0 1>0: 2", "20 3 1 1>0: 1"]);
  assert.equal(ledger.others[NOT_IP], 2);
  assert.equal(ledger.others[PORT_ZERO], 1);
  assert.equal(serials(ledger).length, 2);
});

test("kinds beyond the last are counted, and said not to be sampled", () => {
  const ledger = ledgerOf({ cells: 16, kinds: 2 });
  for (const vpc of [-1, 0, 1, 2, 2]) ledger.write(packet({ vpc }), NOT_IP, STEP);
  assert.deepEqual(tell(ledger), [
    "20 3 0 0>0: 1",
    "20 3 0 1>0: 1",
    "20 3 0 2>0: 1",
    "20 3 0 3>0: 2",
  ]);
  assert.equal(ledger.samples.unsampled, 3);
  assert.equal(serials(ledger).length, 2);
});

test("a kind keeps its last eight, of at most one in 100 ms", () => {
  const ledger = ledgerOf();
  for (let millis = 0; millis < 2000; millis += 10) {
    ledger.now[0] = millis;
    ledger.write(packet({ vpc: 0, fill: millis / 10 }), NOT_IP, STEP);
  }
  const { samples } = ledger;
  const places = Array.from({ length: SAMPLES_EACH }, (_, place) => place);
  places.sort((a, b) => samples.serial[a]! - samples.serial[b]!);
  const millis = places.map((place) => samples.millis[place]);
  assert.deepEqual(millis, [1200, 1300, 1400, 1500, 1600, 1700, 1800, 1900]);
  const fills = places.map((place) => samples.bytes[place * SAMPLE_BYTES]);
  assert.deepEqual(fills, [120, 130, 140, 150, 160, 170, 180, 190]);
});

test("samples go on when time runs backwards", () => {
  const ledger = ledgerOf();
  for (const millis of [5000, 5050, 100, 150, 200]) {
    ledger.now[0] = millis;
    ledger.write(packet(), NOT_IP, STEP);
  }
  assert.deepEqual(serials(ledger), [1, 2, 3]);
});

test("the first 256 bytes are stored, of what there is", () => {
  const ledger = ledgerOf();
  for (const [at, length] of [255, 256, 257, 60_000].entries()) {
    ledger.now[0] = 1000 * at;
    ledger.write(packet({ length }), NOT_IP, STEP);
  }
  assert.deepEqual([...ledger.samples.length.subarray(0, 4)], [255, 256, 257, 60_000]);
  assert.deepEqual([...ledger.samples.captured.subarray(0, 4)], [255, 256, 256, 256]);
});

test("a frame that came in a tunnel is stored with it", () => {
  const ledger = ledgerOf();
  const row = packet({ length: 100 });
  pool.start[row]! += 50;
  pool.length[row]! -= 50;
  pool.l3[row] = pool.start[row]! + 14;
  pool.bytes[row * pool.slotBytes + HEADROOM] = 99;
  ledger.write(row, NOT_IP, STEP);
  const { samples } = ledger;
  assert.equal(samples.length[0], 100);
  assert.equal(samples.offset[0], 64);
  assert.equal(samples.bytes[0], 99);
});

test("of a packet that was held the IP packet is stored", () => {
  const ledger = ledgerOf({ heldStep: 9 });
  const held = new HeldPackets(4, 1, plainMemory);
  const at = pool.open(5, 3, 0);
  for (const lead of [0, 1, 2, 3]) {
    for (let i = 0; i < 300; i++) pool.bytes[at + lead + i] = i;
    const cell = held.hold(0, pool.words, at + lead, at + lead + 300, 3);
    held.vpc[cell] = 0;
    held.toVpc[cell] = 2;
    ledger.now[0] = 1000 * lead;
    ledger.writeHeld(held, cell, UNRESOLVED);
  }
  assert.deepEqual(tell(ledger), [`${UNRESOLVED} 9 3 1>3: 4`]);
  const { samples } = ledger;
  for (const lead of [0, 1, 2, 3]) {
    assert.equal(samples.length[lead], 300);
    const stored = samples.bytes.subarray(lead * SAMPLE_BYTES, (lead + 1) * SAMPLE_BYTES);
    const count = SAMPLE_BYTES - lead;
    assert.equal(samples.captured[lead], count);
    const expected = Array.from({ length: count }, (_, i) => i & 0xff);
    assert.deepEqual([...stored.subarray(0, count)], expected);
  }
});

test("nothing is written down while packets are only tried out", () => {
  const ledger = ledgerOf();
  ledger.recording = false;
  ledger.write(packet(), NOT_IP, STEP);
  ledger.writeReleased(packet(), NOT_IP);
  assert.deepEqual(tell(ledger), []);
  ledger.recording = true;
  ledger.write(packet(), NOT_IP, STEP);
  assert.equal(tell(ledger).length, 1);
});
