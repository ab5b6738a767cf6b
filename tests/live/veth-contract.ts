// What drivers of Ethernet interfaces must do besides the contract of all drivers, on a virtual
// cable: its senders are network stacks, which leave work to network cards.

import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import {
  assertFrames,
  driverContract,
  receiveFrames,
  receiveNow,
  rowsWith,
  testFrame,
  until,
} from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { ip } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { unfinished } from "./unfinished.ts";
import { NEAR_MAC, Veth, vethWire } from "./veth.ts";

/** Opens the driver at "near0", in the namespace of the calling thread. */
export type Open = () => Driver;

/** Registers both suites; `why` skips them. */
export function vethContract(name: string, system: System, open: Open, why?: string): void {
  let cable: Veth | undefined;
  after(() => cable?.close());
  const makeWire = () => {
    cable ??= new Veth(system);
    return vethWire(system, open, cable);
  };
  driverContract(name, makeWire, why);
  for (const [sentence, prove] of Object.entries(PROOFS)) {
    onVeth(`${name}: ${sentence}`, system, why, (veth) => {
      withDriver(system, veth, open, (driver, far) => prove({ driver, far, veth, system }));
    });
  }
}

/** Registers a test with a cable, which is removed afterwards. */
export function onVeth(
  name: string,
  system: System,
  why: string | undefined,
  prove: (veth: Veth, t: TestContext) => void,
): void {
  test(name, why === undefined ? {} : { skip: why }, (t) => {
    const veth = new Veth(system);
    try {
      prove(veth, t);
    } finally {
      veth.close();
    }
  });
}

/** Runs `prove` with a driver at the near end and a probe at the far one. */
export function withDriver<D extends Driver>(
  system: System,
  veth: Veth,
  open: () => D,
  prove: (driver: D, far: Probe) => void,
): void {
  const driver = veth.atNear(open);
  try {
    const far = veth.atFar(() => new Probe(system, "far0"));
    try {
      prove(driver, far);
    } finally {
      far.close();
    }
  } finally {
    driver.close();
  }
}

interface Scene {
  readonly driver: Driver;
  readonly far: Probe;
  readonly veth: Veth;
  readonly system: System;
}

const UNFINISHED = [
  "tcp 10.9.0.2:1000 > 10.9.0.1:80 psh,ack",
  "udp 10.9.0.2:1000 > 10.9.0.1:53",
  "udp [2001:db8::2]:1000 > [2001:db8::1]:53",
];

const PROOFS: Readonly<Record<string, (scene: Scene) => void>> = {
  "VLAN tags come in as they were on the wire, and go out"({ driver, far }) {
    const packet = buildPacket(parsePacket("udp 10.9.0.2:1 > 10.9.0.1:2 len=301"));
    const frames = [
      ethernetFrame(packet, { vlans: [0x2064] }),
      ethernetFrame(packet, { vlans: [100, 200] }),
      ethernetFrame(packet),
      testFrame(5, 1518),
    ];
    frames[3]!.set([0x81, 0, 0, 5], 12);
    // Provider bridges tag differently.
    new DataView(frames[1]!.buffer).setUint16(12, 0x88a8);
    for (const frame of frames) assert.ok(far.send(frame));
    const pool = new PacketPool();
    assertFrames(receiveFrames(driver, pool, 4), frames);
    assert.equal(driver.transmit(pool, rowsWith(pool, frames), 4), 4);
    const seen: Uint8Array[] = [];
    until(
      () => seen.length === 4,
      () => seen.push(...far.take()),
    );
    assertFrames(seen, frames);
  },

  "a tag that makes a frame too long for a slot is not lost uncounted"({ driver, far }) {
    const pool = new PacketPool({ slotBytes: 512 });
    const frame = testFrame(5, pool.frameMax + 4);
    frame.set([0x81, 0, 0, 5], 12);
    far.send(frame);
    far.send(testFrame(6, 60));
    assert.equal(receiveFrames(driver, pool, 1).length, 1);
    assert.equal(driver.counters().receiveTooLong, 1);
  },

  "unfinished checksums are finished"({ driver, far }) {
    for (const text of UNFINISHED) {
      for (const vlans of [[], [3]]) {
        for (const length of [1, 2, 64, 777, 1000]) {
          assert.ok(far.sendUnfinished(unfinished(text, length, 0, vlans)));
          const [received] = receiveFrames(driver, new PacketPool(), 1);
          const packet = received!.subarray(14 + 4 * vlans.length);
          assert.deepEqual(verifyChecksums(packet), [], `${text} ${length} ${vlans}`);
        }
      }
    }
  },

  "what an ordinary socket sends has its checksum"({ driver, veth, system }) {
    veth.atFar(() => {
      ip("address add 10.9.0.2/24 dev far0", `neighbor add 10.9.0.1 lladdr ${NEAR_MAC} dev far0`);
    });
    sendOrdinary(system, veth, [10, 9, 0, 1]);
    const frames = receiveFrames(driver, new PacketPool(), 2);
    assert.deepEqual(
      frames.map((frame) => frame[23]),
      [17, 6],
    );
    for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
  },

  "what an ordinary socket sends through a tunnel has its checksum"({ driver, veth, system }) {
    veth.atFar(() => {
      ip("address add 10.9.0.2/24 dev far0", `neighbor add 10.9.0.1 lladdr ${NEAR_MAC} dev far0`);
      ip("link add vx0 type vxlan id 7 local 10.9.0.2 remote 10.9.0.1 dstport 4789");
      ip("address add 10.8.0.2/24 dev vx0", "link set vx0 up");
      ip(`neighbor add 10.8.0.1 lladdr ${NEAR_MAC} dev vx0`);
    });
    sendOrdinary(system, veth, [10, 8, 0, 1]);
    const frames = receiveFrames(driver, new PacketPool(), 2);
    assert.equal(frames.length, 2);
    for (const frame of frames) {
      assert.deepEqual(verifyChecksums(frame.subarray(14)), [], "outer");
      assert.deepEqual(verifyChecksums(frame.subarray(14 + 50)), [], "inner");
    }
  },

  "a wrong checksum stays wrong, and none stays none"({ driver, far }) {
    const wrong = buildPacket(parsePacket("udp 10.9.0.2:1 > 10.9.0.1:2 len=301 checksum=bad"));
    const none = buildPacket(parsePacket("udp 10.9.0.2:1 > 10.9.0.1:2 len=301 checksum=0"));
    const frames = [ethernetFrame(wrong), ethernetFrame(none), vxlanFrame(7, ethernetFrame(wrong))];
    for (const frame of frames) far.send(frame);
    assertFrames(receiveFrames(driver, new PacketPool(), 3), frames);
  },

  "an interface that is deleted ends nothing but itself"({ driver, veth }) {
    const pool = new PacketPool();
    veth.atNear(() => ip("link delete near0"));
    const rows = rowsWith(pool, [testFrame(1, 60), testFrame(2, 60)]);
    assert.equal(driver.transmit(pool, rows, 2), 0);
    assert.equal(receiveFrames(driver, pool, 0).length, 0);
    assert.equal(driver.counters().transmitDrops, 2);
    driver.close();
  },

  "an interface that goes down and comes up again goes on"({ driver, far, veth }) {
    const pool = new PacketPool();
    veth.atNear(() => ip("link set near0 down"));
    assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
    assert.equal(driver.counters().transmitDrops, 1);
    veth.atNear(() => ip("link set near0 up"));
    // Until the kernel's link watch has run, it loses what is sent, and says that it was sent.
    const received: Uint8Array[] = [];
    until(
      () => received.length > 0,
      () => {
        far.send(testFrame(2, 60));
        received.push(...receiveNow(driver, pool));
      },
    );
    assertFrames(received.slice(0, 1), [testFrame(2, 60)]);
    const seen: Uint8Array[] = [];
    until(
      () => seen.length > 0,
      () => {
        driver.transmit(pool, rowsWith(pool, [testFrame(3, 60)]), 1);
        seen.push(...far.take());
      },
    );
    assertFrames(seen.slice(0, 1), [testFrame(3, 60)]);
  },
};

/** A datagram, and the first segment of a connection, from sockets of the far end's stack. */
function sendOrdinary(system: System, veth: Veth, address: readonly number[]): void {
  // struct sockaddr_in: family, port, address.
  const to = Uint8Array.of(2, 0, 0x12, 0x34, ...address, ...new Array(8).fill(0));
  const udp = veth.atFar(() => system.socket(2, 2, 0));
  const tcp = veth.atFar(() => system.socket(2, 1, 0));
  assert.equal(system.sendto(udp, new TextEncoder().encode("seven b"), 0, to), 7);
  // Connects, without waiting for the answer.
  system.sendto(tcp, new Uint8Array(1), 0x2000_0040, to);
  system.close(udp);
  system.close(tcp);
}
