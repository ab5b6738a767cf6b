import assert from "node:assert/strict";
import { release } from "node:os";
import { type TestContext, test } from "node:test";
import {
  assertFrames,
  driverContract,
  framesOf,
  receiveFrames,
  rowsWith,
  testFrame,
  until,
} from "../../src/drivers/contract.ts";
import { type AfPacketOptions, openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { Batch } from "../../src/packet/batch.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ip, ipShow, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { unfinished } from "./unfinished.ts";
import { NEAR_MAC, Veth, vethWire } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const skip = why === undefined ? {} : { skip: why };

function open(options: Partial<AfPacketOptions> = {}) {
  return openAfPacket({ interface: "near0", promiscuous: true, ...options }, system);
}

driverContract("AF_PACKET", () => vethWire(system, open), why);

/** Runs `prove` with a cable, and removes it. */
function onVeth(name: string, prove: (veth: Veth, t: TestContext) => void): void {
  test(`AF_PACKET: ${name}`, skip, (t) => {
    const veth = new Veth(system);
    try {
      prove(veth, t);
    } finally {
      veth.close();
    }
  });
}

function withDriver(
  veth: Veth,
  options: Partial<AfPacketOptions>,
  prove: (driver: ReturnType<typeof open>, far: Probe) => void,
): void {
  const driver = veth.atNear(() => open(options));
  const far = veth.atFar(() => new Probe(system, "far0"));
  try {
    prove(driver, far);
  } finally {
    driver.close();
    far.close();
  }
}

onVeth("VLAN tags come in as they were on the wire, and go out", (veth) => {
  withDriver(veth, {}, (driver, far) => {
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
  });
});

onVeth("a tag that makes a frame too long for a slot is not lost uncounted", (veth) => {
  withDriver(veth, {}, (driver, far) => {
    const pool = new PacketPool({ slotBytes: 512 });
    const frame = testFrame(5, pool.frameMax + 4);
    frame.set([0x81, 0, 0, 5], 12);
    far.send(frame);
    far.send(testFrame(6, 60));
    assert.equal(receiveFrames(driver, pool, 1).length, 1);
    assert.equal(driver.counters().receiveTooLong, 1);
  });
});

const KINDS = [
  "tcp 10.9.0.2:1000 > 10.9.0.1:80 psh,ack",
  "udp 10.9.0.2:1000 > 10.9.0.1:53",
  "udp [2001:db8::2]:1000 > [2001:db8::1]:53",
];

for (const text of KINDS) {
  onVeth(`an unfinished checksum is finished: ${text}`, (veth) => {
    withDriver(veth, {}, (driver, far) => {
      const near = veth.atNear(() => new Probe(system, "near0"));
      for (const vlans of [[], [3]]) {
        for (const length of [1, 64, 777, 1000]) {
          const { frame, header } = unfinished(text, length, 0, vlans);
          assert.ok(far.sendUnfinished({ frame, header }));
          const [received] = receiveFrames(driver, new PacketPool(), 1);
          assert.deepEqual(verifyChecksums(received!.subarray(14 + 4 * vlans.length)), []);
          assert.equal(near.take().length, 1);
        }
      }
      assert.equal(near.unfinished, 8, "the kernel had left them unfinished");
      near.close();
    });
  });
}

onVeth("what an ordinary socket sends has its checksum", (veth) => {
  veth.atFar(() => {
    ip("address add 10.9.0.2/24 dev far0", `neighbor add 10.9.0.1 lladdr ${NEAR_MAC} dev far0`);
  });
  withDriver(veth, {}, (driver) => {
    const near = veth.atNear(() => new Probe(system, "near0"));
    const to = Uint8Array.of(2, 0, 0x12, 0x34, 10, 9, 0, 1, ...new Array(8).fill(0));
    const [datagrams, fastOpen] = [2, 0x2000_0040];
    const udp = veth.atFar(() => system.socket(2, datagrams, 0));
    const tcp = veth.atFar(() => system.socket(2, 1, 0));
    assert.equal(system.sendto(udp, new TextEncoder().encode("seven b"), 0, to), 7);
    // Connects, without waiting for the answer.
    system.sendto(tcp, new Uint8Array(1), fastOpen, to);
    const frames = receiveFrames(driver, new PacketPool(), 2);
    assert.deepEqual(
      frames.map((frame) => frame[23]),
      [17, 6],
    );
    for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
    near.take();
    assert.equal(near.unfinished, 2, "the kernel had left them unfinished");
    near.close();
    system.close(udp);
    system.close(tcp);
  });
});

onVeth("a wrong checksum stays wrong", (veth) => {
  withDriver(veth, {}, (driver, far) => {
    const packet = buildPacket(parsePacket("udp 10.9.0.2:1 > 10.9.0.1:2 len=301 checksum=bad"));
    far.send(ethernetFrame(packet));
    assertFrames(receiveFrames(driver, new PacketPool(), 1), [ethernetFrame(packet)]);
  });
});

onVeth("promiscuous is the interface only where asked for, and as long as it is open", (veth) => {
  withDriver(veth, { promiscuous: false }, () => assert.equal(promiscuity(veth), 0));
  withDriver(veth, { promiscuous: true }, () => assert.equal(promiscuity(veth), 1));
  assert.equal(promiscuity(veth), 0);
});

function promiscuity(veth: Veth): number {
  const shown = veth.atNear(() => ipShow("-d link show near0"));
  return Number(shown.match(/promiscuity (\d+)/)?.[1]);
}

onVeth("an interface that goes down and comes up again goes on", (veth) => {
  withDriver(veth, {}, (driver, far) => {
    const pool = new PacketPool();
    veth.atNear(() => ip("link set near0 down"));
    assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
    assert.equal(driver.counters().transmitDrops, 1);
    veth.atNear(() => ip("link set near0 up"));
    until(
      () => far.send(testFrame(2, 60)),
      () => undefined,
    );
    assertFrames(receiveFrames(driver, pool, 1), [testFrame(2, 60)]);
    assert.equal(driver.transmit(pool, rowsWith(pool, [testFrame(3, 60)]), 1), 1);
  });
});

onVeth("exclusive keeps frames from the kernel's own stack until it is closed", (veth, t) => {
  if (Number(release().split(".")[0]) < 6 || /^6\.[0-5]\./.test(release())) {
    return t.skip(`it needs Linux 6.6, and this is ${release()}`);
  }
  veth.atNear(() => ip("address add 10.9.0.1/24 dev near0"));
  const ping = new Uint8Array(60);
  ping.set(ethernetFrame(buildPacket(parsePacket("icmp 10.9.0.2 > 10.9.0.1 echo-request id=1"))));
  ping.set([2, 0, 0, 0, 0, 1]);
  const answers = (far: Probe) => {
    far.take();
    far.send(ping);
    let seen = 0;
    until(
      () => true,
      () => {
        seen = far.take().length;
      },
    );
    return seen;
  };
  withDriver(veth, { exclusive: true }, (driver, far) => {
    assert.equal(answers(far), 0);
    assertFrames(receiveFrames(driver, new PacketPool(), 1), [ping]);
  });
  withDriver(veth, {}, (_, far) => assert.ok(answers(far) > 0, "ARP for the answer"));
});

onVeth("the memory of the ring is asked for", (veth) => {
  withDriver(veth, { ringBytes: 64 * 1024 }, (driver, far) => {
    for (let i = 0; i < 100; i++) far.send(testFrame(i, 60));
    const frames = receiveFrames(driver, new PacketPool(), 31);
    const { received, receiveDrops } = driver.counters();
    assert.equal(received + receiveDrops, 100);
    assert.equal(frames.length, received);
    assert.ok(receiveDrops > 0);
  });
});

onVeth("an interface that does not exist is an error that says so", (veth) => {
  const openNone = (name: string) => () => veth.atNear(() => open({ interface: name }));
  assert.throws(openNone("none0"), { message: "interface none0: ENODEV, no such device" });
  assert.throws(openNone("a-name-that-is-too-long"), { code: "ENODEV" });
  assert.throws(openNone(""), { code: "ENODEV" });
});

test("AF_PACKET: batches may come from one pool after the other", skip, () => {
  const wire = vethWire(system, open);
  try {
    for (let i = 0; i < 3; i++) {
      const pool = new PacketPool({ slots: 4 });
      wire.send(testFrame(i, 400));
      assertFrames(receiveFrames(wire.driver, pool, 1), [testFrame(i, 400)]);
      wire.driver.transmit(pool, rowsWith(pool, [testFrame(i, 401)]), 1);
      const batch = new Batch();
      assert.deepEqual(framesOf(pool, batch), []);
      const seen: Uint8Array[] = [];
      until(
        () => seen.length === 1,
        () => seen.push(...wire.take()),
      );
      assertFrames(seen, [testFrame(i, 401)]);
    }
  } finally {
    wire.close();
  }
});
