// Super-frames, cut by the driver, are what the kernel makes of them when it cuts itself.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertFrames, framesOf, receiveFrames, until } from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { Batch } from "../../src/packet/batch.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";
import { NEAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const options = why === undefined ? {} : { skip: why };

let shared: Veth | undefined;
after(() => shared?.close());

/** A cable that all tests here use one after the other. */
function cable(): Veth {
  shared ??= new Veth(system);
  return shared;
}

/** What the driver makes of it, when the kernel passes it whole and when it cuts it into `count`. */
function bothWays(sent: Unfinished, count: number, through: string, veth: Veth) {
  const driver = veth.atNear(() => openAfPacket({ interface: "near0" }, system));
  const witness = veth.atNear(() => new Probe(system, "near0"));
  const probe = veth.atFar(() => new Probe(system, through));
  const pool = new PacketPool();
  const once = (largest: number, expected: number) => {
    veth.atFar(() => ip(`link set far0 gso_max_size ${largest}`));
    assert.ok(probe.sendUnfinished(sent));
    const frames = receiveFrames(driver, pool, count);
    const seen: Uint8Array[] = [];
    until(
      () => seen.length >= expected,
      () => seen.push(...witness.take()),
    );
    assert.equal(seen.length, expected, "frames that the kernel passed");
    return frames;
  };
  try {
    const ours = once(65_536, 1);
    const kernels = once(1000, count);
    return { ours, kernels, counters: driver.counters() };
  } finally {
    driver.close();
    witness.close();
    probe.close();
  }
}

function provePlain(
  text: string,
  payload: number,
  segment: number,
  vlans: readonly number[] = [],
): void {
  const sent = unfinished(text, payload, segment, vlans);
  const count = Math.ceil(payload / segment);
  const { ours, kernels, counters } = bothWays(sent, count, "far0", cable());
  assert.equal(ours.length, count);
  assertFrames(ours, kernels);
  const link = 14 + 4 * vlans.length;
  for (const frame of ours) assert.deepEqual(verifyChecksums(frame.subarray(link)), []);
  assert.equal(counters.received, 2 * count);
  assert.equal(counters.receiveErrors, 0);
}

const TCP4 = "tcp 10.0.0.1:1000 > 10.0.0.2:80";
const TCP6 = "tcp [2001:db8::1]:1000 > [2001:db8::2]:80";
const CASES: readonly [string, ...Parameters<typeof provePlain>][] = [
  ["TCP over IPv4", `${TCP4} ack,psh,fin id=65530 ttl=9`, 20_001, 1448],
  ["TCP that wraps its sequence number", `${TCP4} ack seq=4294966000`, 5000, 1000],
  ["TCP with ECN", `${TCP4} ack,cwr,ece,psh df`, 4000, 999],
  ["TCP of the largest size", `${TCP4} ack`, 65_000, 1448],
  ["TCP in a frame that fits into the ring", `${TCP4} ack,psh`, 1200, 500],
  ["TCP over IPv6", `${TCP6} ack,psh`, 20_000, 1428],
  ["UDP over IPv4", "udp 10.0.0.1:1000 > 10.0.0.2:53 id=7", 9001, 1472],
  ["UDP over IPv6", "udp [2001:db8::1]:1000 > [2001:db8::2]:53", 9001, 1000],
  ["TCP behind a VLAN tag", `${TCP4} ack`, 9000, 1400, [0x2064]],
  ["TCP behind two VLAN tags", `${TCP6} ack`, 9000, 1400, [7, 8]],
];

for (const [name, ...parts] of CASES) {
  test(`a super-frame is cut as the kernel cuts it: ${name}`, options, () => {
    provePlain(...parts);
  });
}

/** The outer headers of 50 bytes, and what the kernel numbers as it likes taken out. */
function withoutIdentification(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((frame) => {
    const same = frame.slice();
    same.fill(0, 18, 20);
    same.fill(0, 24, 26);
    return same;
  });
}

const TUNNELLED = [
  [`${TCP4} ack,psh id=9`, "noudpcsum"],
  [`${TCP4} ack,psh id=9`, "udpcsum"],
  ["udp [2001:db8::1]:1000 > [2001:db8::2]:53", "noudpcsum"],
] as const;

for (const [text, checksum] of TUNNELLED) {
  test(`a super-frame in a tunnel is cut so too: ${text}, ${checksum}`, options, () => {
    const tunnel = `type vxlan id 7 local 10.9.0.2 remote 10.9.0.1 dstport 4789 ${checksum}`;
    const veth = new Veth(system);
    try {
      veth.atFar(() => {
        ip("address add 10.9.0.2/24 dev far0", `link add vx0 ${tunnel}`, "link set vx0 up");
        ip(`neighbor add 10.9.0.1 lladdr ${NEAR_MAC} dev far0`);
      });
      const { ours, kernels } = bothWays(unfinished(text, 9000, 1400), 7, "vx0", veth);
      assert.equal(ours.length, 7);
      assertFrames(withoutIdentification(ours), withoutIdentification(kernels));
      ours.forEach((frame, i) => {
        assert.deepEqual(verifyChecksums(frame.subarray(14)), [], "outer");
        assert.deepEqual(verifyChecksums(frame.subarray(14 + 50)), [], "inner");
        const [first, own] = [ours[0]!, frame].map((each) => (each[18]! << 8) | each[19]!);
        assert.equal(own, (first! + i) & 0xffff, "each has an identification of its own");
      });
    } finally {
      veth.close();
    }
  });
}

/** Runs `prove` with a driver, and a probe that sends to it. */
function withDriver(prove: (driver: Driver, far: Probe, veth: Veth) => void): void {
  const veth = cable();
  veth.atNear(() => ip("link set near0 up"));
  veth.atFar(() => ip("link set far0 gso_max_size 65536"));
  const driver = veth.atNear(() => openAfPacket({ interface: "near0" }, system));
  const far = veth.atFar(() => new Probe(system, "far0"));
  try {
    prove(driver, far, veth);
  } finally {
    driver.close();
    far.close();
  }
}

test("a super-frame of more segments than there are rows comes in parts", options, () => {
  withDriver((driver, far) => {
    const sent = unfinished(`${TCP4} ack`, 30_000, 1000);
    far.sendUnfinished(sent);
    far.sendUnfinished(unfinished(`${TCP4} ack`, 9, 0));
    const whole = receiveFrames(driver, new PacketPool(), 31);
    far.sendUnfinished(sent);
    far.sendUnfinished(unfinished(`${TCP4} ack`, 9, 0));
    const pool = new PacketPool({ slots: 7 });
    const batch = new Batch();
    const parts: Uint8Array[] = [];
    until(
      () => parts.length >= 31,
      () => {
        assert.ok(driver.receive(pool, batch, 0) <= 7);
        parts.push(...framesOf(pool, batch));
        pool.releaseMany(batch.rows, batch.count);
        batch.count = 0;
      },
    );
    assertFrames(parts, whole);
  });
});

test("segments longer than a slot are counted, and the next frames come", options, () => {
  withDriver((driver, far) => {
    far.sendUnfinished(unfinished(`${TCP4} ack`, 9_000, 1000));
    far.sendUnfinished(unfinished(`${TCP4} ack`, 9, 0));
    const pool = new PacketPool({ slotBytes: 512 });
    assert.equal(receiveFrames(driver, pool, 1).length, 1);
    assert.equal(driver.counters().receiveTooLong, 9);
  });
});

test("of more super-frames than anybody can hold none is lost uncounted", options, () => {
  withDriver((driver, far) => {
    const sent = unfinished(`${TCP4} ack`, 60_000, 1000);
    for (let i = 0; i < 300; i++) assert.ok(far.sendUnfinished(sent));
    const whole = receiveFrames(driver, new PacketPool(), 0).length / 60;
    const { receiveDrops } = driver.counters();
    assert.equal(whole + receiveDrops, 300);
    assert.ok(receiveDrops > 0 && whole > 0, `${whole} came`);
    far.sendUnfinished(unfinished(`${TCP4} ack`, 3000, 1000));
    assert.equal(receiveFrames(driver, new PacketPool(), 3).length, 3);
  });
});

test("what had come before the interface went down is still there", options, () => {
  withDriver((driver, far, veth) => {
    far.sendUnfinished(unfinished(`${TCP4} ack`, 9_000, 1000));
    veth.atNear(() => ip("link set near0 down"));
    assert.equal(receiveFrames(driver, new PacketPool(), 9).length, 9);
  });
});
