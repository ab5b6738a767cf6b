// Of an underlay only VXLAN packets come in; all else stays the kernel's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFrames, receiveFrames, until } from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { UNDERLAY_FRAMES, VTEP } from "./underlay-frames.ts";
import { unfinished } from "./unfinished.ts";
import { FAR_MAC, NEAR_MAC, Veth } from "./veth.ts";
import { withDriver } from "./veth-contract.ts";

const why = whyNotLive();
const system = await liveSystem(why);

const OPEN: Readonly<Record<string, () => Driver>> = {
  AF_PACKET: () => openAfPacket({ interface: "near0", onlyVxlanTo: VTEP }, system),
  "AF_XDP native": () =>
    openAfXdp({ interface: "near0", mode: "native", onlyVxlanTo: VTEP }, system),
  "AF_XDP generic": () =>
    openAfXdp({ interface: "near0", mode: "generic", onlyVxlanTo: VTEP }, system),
};

function proveOnly(name: string, prove: (driver: Driver, far: Probe, veth: Veth) => void): void {
  for (const [kind, open] of Object.entries(OPEN)) {
    test(`${kind}, only VXLAN: ${name}`, why === undefined ? {} : { skip: why }, () => {
      const veth = new Veth(system);
      try {
        veth.atNear(() => {
          ip(
            "address add 10.9.0.1/24 dev near0",
            `neighbor add 10.9.0.2 lladdr ${FAR_MAC} dev near0`,
          );
        });
        withDriver(system, veth, open, (driver, far) => prove(driver, far, veth));
      } finally {
        veth.close();
      }
    });
  }
}

proveOnly("what is ours comes in, and nothing else", (driver, far) => {
  // As the last one says that those before it have come.
  const [last] = UNDERLAY_FRAMES;
  for (const { frame, what } of [...UNDERLAY_FRAMES, last!]) {
    assert.ok(far.send(frame) || frame.length < 15, what);
  }
  const ours = [...UNDERLAY_FRAMES.filter((each) => each.ours), last!];
  const frames = receiveFrames(driver, new PacketPool(), ours.length);
  assertFrames(
    frames,
    ours.map(({ frame }) => frame),
  );
  const { received, receiveDrops, receiveErrors } = driver.counters();
  assert.deepEqual([received, receiveDrops, receiveErrors], [ours.length, 0, 0]);
});

proveOnly("the kernel answers a ping to its address", (_, far) => {
  const { frame } = UNDERLAY_FRAMES.find(({ what }) => what === "a ping")!;
  far.take();
  assert.ok(far.send(frame));
  const seen: Uint8Array[] = [];
  until(
    () => seen.length > 0,
    () => seen.push(...far.take()),
  );
  // ICMP, an echo reply.
  assert.deepEqual([seen[0]?.[23], seen[0]?.[34]], [1, 0]);
});

/** A VXLAN device of the kernel at the far end, and what several segments in one become. */
function throughTunnel(driver: Driver, veth: Veth): Uint8Array[] {
  veth.atFar(() => {
    ip("address add 10.9.0.2/24 dev far0", `neighbor add 10.9.0.1 lladdr ${NEAR_MAC} dev far0`);
    ip("link add vx0 type vxlan id 7 local 10.9.0.2 remote 10.9.0.1 dstport 4789");
    ip("link set vx0 up");
  });
  const probe = veth.atFar(() => new Probe(system, "vx0"));
  try {
    const text = "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack,psh";
    assert.ok(probe.sendUnfinished(unfinished(text, 9000, 1400)));
    return receiveFrames(driver, new PacketPool(), 7);
  } finally {
    probe.close();
  }
}

proveOnly("super-frames of a VXLAN device come as they come without it", (driver, _, veth) => {
  const frames = throughTunnel(driver, veth);
  // In generic mode XDP loses them, and says so.
  if (driver.counters().receiveDrops > 0) return assert.match(notices(driver), /GSO/);
  assert.equal(frames.length, 7);
  for (const frame of frames) {
    assert.deepEqual(verifyChecksums(frame.subarray(14)), [], "outer");
    assert.deepEqual(verifyChecksums(frame.subarray(64)), [], "inner");
  }
});

function notices(driver: Driver): string {
  return "notices" in driver ? String(driver.notices) : "";
}
