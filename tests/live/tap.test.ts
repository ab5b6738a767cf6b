import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertFrames,
  driverContract,
  receiveFrames,
  rowsWith,
  testFrame,
  until,
  type Wire,
} from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openTap } from "../../src/drivers/linux/tap.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ip, ipShow, liveSystem, Namespaces, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { unfinished } from "./unfinished.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const MTU = 1800;

/** The far end is the kernel's side of the interface. */
function tapWire(): Wire & { inside<T>(work: () => T): T; probe: Probe } {
  const namespaces = new Namespaces(system, 1);
  const [name = ""] = namespaces.names;
  let driver: Driver | undefined;
  try {
    const inside = <T>(work: () => T): T => namespaces.inside(name, work);
    driver = inside(() => openTap({ interface: "tap0" }, system));
    inside(() => ip(`link set tap0 mtu ${MTU}`));
    const probe = inside(() => new Probe(system, "tap0"));
    return {
      driver,
      probe,
      inside,
      frameMax: MTU + 14,
      transmitMax: 65_535 + 18,
      send: (frame) => probe.send(frame),
      take: () => probe.take(),
      close() {
        driver?.close();
        probe.close();
        namespaces.remove();
      },
    };
  } catch (error) {
    driver?.close();
    namespaces.remove();
    throw error;
  }
}

driverContract("TAP", tapWire, why);

function onTap(name: string, prove: (wire: ReturnType<typeof tapWire>) => void): void {
  test(`TAP: ${name}`, why === undefined ? {} : { skip: why }, () => {
    const wire = tapWire();
    try {
      prove(wire);
    } finally {
      wire.close();
    }
  });
}

onTap("the interface is there, switched on, and gone when the driver is closed", (wire) => {
  const shown = () => wire.inside(() => ipShow("-brief link show"));
  assert.match(shown(), /^tap0 +(?:UP|UNKNOWN) /m);
  wire.driver.close();
  assert.doesNotMatch(shown(), /tap0/);
});

onTap("no super-frames and no unfinished checksums come", ({ driver, probe }) => {
  const text = "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack";
  assert.ok(probe.sendUnfinished(unfinished(text, 9000, 1000)));
  const frames = receiveFrames(driver, new PacketPool(), 9);
  assert.equal(frames.length, 9);
  for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
});

onTap("VLAN tags stand in the frames", ({ driver, send, take }) => {
  const packet = buildPacket(parsePacket("udp 10.9.0.2:1 > 10.9.0.1:2 len=301"));
  const frames = [ethernetFrame(packet, { vlans: [0x2064] }), ethernetFrame(packet)];
  for (const frame of frames) send(frame);
  const pool = new PacketPool();
  assertFrames(receiveFrames(driver, pool, 2), frames);
  driver.transmit(pool, rowsWith(pool, frames), 2);
  assertFrames(take(), frames);
});

onTap("an interface that goes down and comes up again goes on", ({ driver, inside, send }) => {
  const pool = new PacketPool();
  inside(() => ip("link set tap0 down"));
  assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
  assert.equal(driver.counters().transmitDrops, 1);
  inside(() => ip("link set tap0 up"));
  // The probe's socket tells once that the interface was down.
  until(
    () => send(testFrame(2, 60)),
    () => undefined,
  );
  assertFrames(receiveFrames(driver, pool, 1), [testFrame(2, 60)]);
});

onTap("an interface that is deleted ends nothing but itself", ({ driver, inside }) => {
  const pool = new PacketPool();
  inside(() => ip("link delete tap0"));
  assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
  assert.equal(receiveFrames(driver, pool, 0).length, 0);
  assert.equal(driver.counters().transmitDrops, 1);
  driver.close();
});

onTap("a name that is taken or too long is an error that says so", ({ inside }) => {
  const open = (name: string) => () => inside(() => openTap({ interface: name }, system));
  assert.throws(open("tap0"), { message: "tap tap0: EBUSY, resource busy or locked" });
  assert.throws(open("a-name-that-is-too-long"), { code: "ENODEV" });
});
