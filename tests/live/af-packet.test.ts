import assert from "node:assert/strict";
import { release } from "node:os";
import {
  assertFrames,
  receiveFrames,
  rowsWith,
  testFrame,
  until,
} from "../../src/drivers/contract.ts";
import { type AfPacketOptions, openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ip, ipShow, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { unfinished } from "./unfinished.ts";
import type { Veth } from "./veth.ts";
import { onVeth, vethContract, withDriver } from "./veth-contract.ts";

const why = whyNotLive();
const system = await liveSystem(why);

function open(options: Partial<AfPacketOptions> = {}) {
  return openAfPacket({ interface: "near0", promiscuous: true, ...options }, system);
}

function provePacket(name: string, prove: Parameters<typeof onVeth>[3]): void {
  onVeth(`AF_PACKET: ${name}`, system, why, prove);
}

vethContract("AF_PACKET", system, open, why);

provePacket("those checksums are ones that the kernel had left unfinished", (veth) => {
  withDriver(system, veth, open, (driver, far) => {
    const near = veth.atNear(() => new Probe(system, "near0"));
    const sent = unfinished("udp 10.9.0.2:1000 > 10.9.0.1:53", 64, 0);
    far.sendUnfinished(sent);
    const [received] = receiveFrames(driver, new PacketPool(), 1);
    assertFrames(near.take(), [sent.frame]);
    assert.equal(near.unfinished, 1);
    assert.notDeepEqual(received, sent.frame);
    near.close();
  });
});

provePacket(
  "promiscuous is the interface only where asked for, and as long as it is open",
  (veth) => {
    withDriver(
      system,
      veth,
      () => open({ promiscuous: false }),
      () => assert.equal(promiscuity(veth), 0),
    );
    withDriver(
      system,
      veth,
      () => open({ promiscuous: true }),
      () => assert.equal(promiscuity(veth), 1),
    );
    assert.equal(promiscuity(veth), 0);
  },
);

function promiscuity(veth: Veth): number {
  const shown = veth.atNear(() => ipShow("-d link show near0"));
  return Number(shown.match(/promiscuity (\d+)/)?.[1]);
}

provePacket("exclusive keeps frames from the kernel's own stack until it is closed", (veth, t) => {
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
  withDriver(
    system,
    veth,
    () => open({ exclusive: true }),
    (driver, far) => {
      assert.equal(answers(far), 0);
      assertFrames(receiveFrames(driver, new PacketPool(), 1), [ping]);
    },
  );
  withDriver(system, veth, open, (_, far) => assert.ok(answers(far) > 0, "ARP for the answer"));
});

provePacket("the memory of the ring is asked for", (veth) => {
  withDriver(
    system,
    veth,
    () => open({ ringBytes: 64 * 1024 }),
    (driver, far) => {
      for (let i = 0; i < 100; i++) far.send(testFrame(i, 60));
      const frames = receiveFrames(driver, new PacketPool(), 31);
      const { received, receiveDrops } = driver.counters();
      assert.equal(received + receiveDrops, 100);
      assert.equal(frames.length, received);
      assert.ok(receiveDrops > 0);
    },
  );
});

provePacket("an interface of another kind is an error that says so", (veth) => {
  veth.atNear(() => ip("tuntap add dev tun0 mode tun"));
  assert.throws(() => veth.atNear(() => open({ interface: "tun0" })), {
    message: "tun0 carries no Ethernet frames",
  });
});

provePacket("an interface that does not exist is an error that says so", (veth) => {
  const openNone = (name: string) => () => veth.atNear(() => open({ interface: name }));
  assert.throws(openNone("none0"), { message: "interface none0: ENODEV, no such device" });
  assert.throws(openNone("a-name-that-is-too-long"), { code: "ENODEV" });
  assert.throws(openNone(""), { code: "ENODEV" });
});

provePacket("batches may come from one pool after the other", (veth) => {
  withDriver(system, veth, open, (driver, far) => {
    for (let i = 0; i < 3; i++) {
      const pool = new PacketPool({ slots: 4 });
      far.send(testFrame(i, 400));
      assertFrames(receiveFrames(driver, pool, 1), [testFrame(i, 400)]);
      driver.transmit(pool, rowsWith(pool, [testFrame(i, 401)]), 1);
      const seen: Uint8Array[] = [];
      until(
        () => seen.length === 1,
        () => seen.push(...far.take()),
      );
      assertFrames(seen, [testFrame(i, 401)]);
    }
  });
});
