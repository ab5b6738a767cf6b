import assert from "node:assert/strict";
import { test } from "node:test";
import { addCounters, newCounts, RECEIVED, readCounts } from "../drivers/counts.ts";
import type { DriverCounters } from "../drivers/driver.ts";
import type { DropReport } from "../insight/drops/report.ts";
import { dropReport } from "./drop-report.ts";

const NONE = readCounts(newCounts());
const GATEWAY: DropReport = {
  total: 3,
  reasons: [],
  pairs: [],
  interfaces: [{ interface: "eth0", count: 3 }],
  steps: [],
  cells: [],
  elsewhere: 0,
  notices: ["a notice"],
};

test("what drivers lost stands beside what the gateway dropped", () => {
  const eth0 = { ...NONE, received: 100, receiveDrops: 7, receiveTooLong: 1, receiveErrors: 2 };
  const eth1 = { ...NONE, transmitted: 100, transmitDrops: 9, transmitTooLong: 4 };
  const interfaces = new Map([
    ["eth0", eth0],
    ["eth1", eth1],
    ["eth2", { ...NONE, received: 5, transmitted: 5 }],
  ]);
  const { drivers, lostByDrivers, ...rest } = dropReport(GATEWAY, interfaces);
  assert.deepEqual(rest, GATEWAY);
  assert.equal(lostByDrivers, 23);
  assert.deepEqual(
    drivers.map(({ interface: name, reason, count }) => `${count} ${reason} ${name}`),
    [
      "9 transmit-overrun eth1",
      "7 receive-overrun eth0",
      "4 transmit-too-long eth1",
      "2 receive-malformed eth0",
      "1 receive-too-long eth0",
    ],
  );
  for (const { sentence, advice } of drivers) {
    assert.match(sentence, /^[A-Z].*\.$/);
    assert.match(advice, /^[A-Z].*\.$/);
  }
});

test("what was lost to nobody is not told", () => {
  const { drivers, lostByDrivers } = dropReport(GATEWAY, new Map([["eth0", NONE]]));
  assert.deepEqual([drivers, lostByDrivers], [[], 0]);
});

test("an interface that is opened again counts on", () => {
  const before = newCounts().map((_, cell) => 10 ** cell);
  const since = newCounts().fill(1);
  const sum = addCounters(readCounts(before), readCounts(since));
  for (const [name, count] of Object.entries(sum)) {
    assert.equal(count, readCounts(before)[name as keyof DriverCounters] + 1, name);
  }
  assert.equal(sum.received, 10 ** RECEIVED + 1);
});
