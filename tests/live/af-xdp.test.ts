import assert from "node:assert/strict";
import { assertFrames, receiveFrames, testFrame } from "../../src/drivers/contract.ts";
import { type AfXdpOptions, openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { Waiter } from "../../src/drivers/linux/waiter.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { unfinished } from "./unfinished.ts";
import { onVeth, vethContract, withDriver } from "./veth-contract.ts";

const why = whyNotLive();
const system = await liveSystem(why);

function open(options: Partial<AfXdpOptions> = {}) {
  return openAfXdp({ interface: "near0", ...options }, system);
}

vethContract("AF_XDP native", system, () => open({ mode: "native" }), why);

function proveXdp(name: string, prove: Parameters<typeof onVeth>[3]): void {
  onVeth(`AF_XDP: ${name}`, system, why, prove);
}

proveXdp("native where it can be, and the kernel's stack sees nothing", (veth) => {
  veth.atNear(() => ip("address add 10.9.0.1/24 dev near0"));
  const ping = new Uint8Array(60);
  ping.set(ethernetFrame(buildPacket(parsePacket("icmp 10.9.0.2 > 10.9.0.1 echo-request id=1"))));
  ping.set([2, 0, 0, 0, 0, 1]);
  withDriver(system, veth, open, (driver, far) => {
    assert.equal(driver.mode, "native");
    assert.deepEqual(driver.notices, []);
    far.send(ping);
    assertFrames(receiveFrames(driver, new PacketPool(), 1), [ping]);
    assert.deepEqual(far.take(), []);
  });
});

proveXdp("generic where native cannot be, which it says", (veth) => {
  veth.atNear(() => ip("link set near0 mtu 9000"));
  veth.atFar(() => ip("link set far0 mtu 9000"));
  assert.throws(() => veth.atNear(() => open({ mode: "native" })), {
    message: /^XDP near0 native: ERANGE, /,
  });
  withDriver(system, veth, open, (driver, far) => {
    assert.equal(driver.mode, "generic");
    assert.match(driver.notices.join("\n"), /native: ERANGE, .*generic XDP is used instead/);
    assert.match(driver.notices.join("\n"), /longer than 3840 bytes/);
    const pool = new PacketPool({ slotBytes: 4096 });
    far.send(testFrame(1, 3840));
    far.send(testFrame(2, 3841));
    far.send(testFrame(3, 60));
    const frames = receiveFrames(driver, pool, 2);
    assertFrames(frames, [testFrame(1, 3840), testFrame(3, 60)]);
    assert.equal(driver.counters().receiveDrops, 1);
  });
});

proveXdp("a second program, or a second queue, is an error that says so", (veth) => {
  withDriver(system, veth, open, () => {
    const second = () => veth.atNear(open);
    assert.throws(second, { message: /^XDP near0 native: EBUSY, / });
  });
  veth.atNear(() => ip("link add q0 numrxqueues 2 numtxqueues 2 type veth peer name q1"));
  assert.throws(() => veth.atNear(() => openAfXdp({ interface: "q0" }, system)), {
    message: /^q0 receives by 2 queues.*ethtool -L q0 combined 1$/,
  });
});

proveXdp("frames wake who waits for them", (veth) => {
  withDriver(system, veth, open, (driver, far) => {
    const waiter = new Waiter(system, [driver.fd]);
    assert.equal(waiter.wait(0), false);
    far.send(testFrame(1, 60));
    assert.equal(waiter.wait(60_000), true);
    receiveFrames(driver, new PacketPool(), 1);
    assert.equal(waiter.wait(0), false);
    waiter.close();
  });
});

proveXdp("the kernel cuts what was several in one", (veth) => {
  withDriver(system, veth, open, (driver, far) => {
    const text = "tcp 10.9.0.2:1000 > 10.9.0.1:80 ack";
    assert.ok(far.sendUnfinished(unfinished(text, 9000, 1000)));
    const frames = receiveFrames(driver, new PacketPool(), 9);
    assert.equal(frames.length, 9);
    for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
  });
});
