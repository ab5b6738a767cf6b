// Sleeping until there is something to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { receiveFrames, testFrame } from "../../src/drivers/contract.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { WAIT_MILLIS_MAX, Waiter } from "../../src/drivers/linux/waiter.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const skip = why === undefined ? {} : { skip: why };

function millis(work: () => void): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

test("nothing to do: it sleeps as long as asked, and never over 100 ms", skip, () => {
  const waiter = new Waiter(system, [-1]);
  assert.equal(waiter.wait(0), false);
  assert.ok(millis(() => assert.equal(waiter.wait(20), false)) >= 19);
  const long = millis(() => assert.equal(waiter.wait(60_000), false));
  assert.ok(long >= WAIT_MILLIS_MAX - 1 && long < 5000, `${long} ms`);
  waiter.close();
  waiter.close();
});

test("woken before it sleeps or while, it wakes once", skip, async () => {
  const waiter = new Waiter(system, []);
  waiter.wake();
  waiter.wake();
  assert.equal(waiter.wait(60_000), true);
  assert.equal(waiter.wait(0), false);
  const worker = new Worker(
    `const { workerData } = require("node:worker_threads");
     import(workerData.system).then(async ({ loadSystem }) => {
       const { wake } = await import(workerData.waiter);
       wake(await loadSystem(), workerData.fd);
     });`,
    {
      eval: true,
      workerData: {
        fd: waiter.wakeFd,
        system: import.meta.resolve("../../src/drivers/linux/sys.ts"),
        waiter: import.meta.resolve("../../src/drivers/linux/waiter.ts"),
      },
    },
  );
  // Loading takes the other thread a while.
  let woken = false;
  for (let i = 0; i < 100 && !woken; i++) woken = waiter.wait(WAIT_MILLIS_MAX);
  assert.equal(woken, true);
  await worker.terminate();
  waiter.close();
});

test("told to watch others, it waits for them, and is still woken", skip, () => {
  const before = new Waiter(system, []);
  const other = new Waiter(system, []);
  before.watch([other.wakeFd]);
  assert.equal(before.wait(0), false);
  other.wake();
  assert.equal(before.wait(60_000), true);
  before.watch([]);
  assert.equal(before.wait(0), false);
  before.wake();
  assert.equal(before.wait(60_000), true);
  before.close();
  other.close();
});

test("frames wake it, and an interface that is down does not keep it awake", skip, () => {
  const veth = new Veth(system);
  const driver = veth.atNear(() => openAfPacket({ interface: "near0" }, system));
  const far = veth.atFar(() => new Probe(system, "far0"));
  const waiter = new Waiter(system, [-1, driver.fd]);
  try {
    assert.equal(waiter.wait(0), false);
    far.send(testFrame(1, 60));
    assert.equal(waiter.wait(60_000), true);
    // Nobody has taken it yet.
    assert.equal(waiter.wait(60_000), true);
    receiveFrames(driver, new PacketPool(), 1);
    assert.equal(waiter.wait(0), false);
    veth.atNear(() => ip("link set near0 down"));
    waiter.wait(0);
    assert.equal(waiter.wait(20), false);
    veth.atNear(() => ip("link set near0 up"));
    far.send(testFrame(2, 60));
    assert.equal(waiter.wait(60_000), true);
    receiveFrames(driver, new PacketPool(), 1);
    veth.atNear(() => ip("link delete near0"));
    waiter.wait(0);
    assert.equal(waiter.wait(20), false);
  } finally {
    waiter.close();
    driver.close();
    far.close();
    veth.close();
  }
});
