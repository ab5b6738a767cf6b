// The kernel keeps its hands off VXLAN packets that are ours, and off nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { test } from "node:test";
import { assertFrames, receiveFrames, until } from "../../src/drivers/contract.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { keepTunnels } from "../../src/drivers/linux/keep-tunnels.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { toNear, UNDERLAY_FRAMES, VTEP } from "./underlay-frames.ts";
import { FAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const tcx = Number(release().split(".")[0]) > 6 || /^6\.([6-9]|\d\d)/.test(release());

function prove(name: string, work: (veth: Veth, far: Probe) => void): void {
  test(`tunnels kept: ${name}`, why === undefined ? {} : { skip: why }, () => {
    const veth = new Veth(system);
    const far = veth.atFar(() => new Probe(system, "far0"));
    try {
      veth.atNear(() => {
        ip(
          "address add 10.9.0.1/24 dev near0",
          `neighbor add 10.9.0.2 lladdr ${FAR_MAC} dev near0`,
        );
      });
      work(veth, far);
    } finally {
      far.close();
      veth.close();
    }
  });
}

function keep(veth: Veth, options: { program?: boolean } = {}, through: System = system) {
  return veth.atNear(() => keepTunnels({ interface: "near0", vtep: VTEP, ...options }, through));
}

function named(name: string): Uint8Array {
  return toNear(UNDERLAY_FRAMES.find(({ what }) => what === name)!.frame.slice());
}

const ERROR = "error";
const REPLY = "echo reply";

/** What the kernel answers to `frame` and to a ping behind it, whose answer comes last. */
function answers(far: Probe, frame: Uint8Array): string[] {
  far.take();
  assert.ok(far.send(frame));
  assert.ok(far.send(named("a ping")));
  const seen: string[] = [];
  until(
    () => seen.includes(REPLY),
    () => {
      const icmp = far.take().filter((each) => each[23] === 1);
      seen.push(...icmp.map((each) => (each[34] === 0 ? REPLY : ERROR)));
    },
  );
  return seen;
}

/** How many packets the near end's stack takes up when `frame` comes. */
function takenUp(veth: Veth, far: Probe, frame: Uint8Array): number {
  const received = () => {
    const all = veth.atNear(() => readFileSync("/proc/thread-self/net/snmp", "utf8"));
    return Number(/^Ip: \d+ \d+ (\d+)/m.exec(all)?.[1]);
  };
  const before = received();
  far.take();
  far.send(frame);
  far.send(named("a ping"));
  const seen: Uint8Array[] = [];
  until(
    () => seen.some((each) => each[23] === 1 && each[34] === 0),
    () => seen.push(...far.take()),
  );
  return received() - before - 1;
}

prove("left alone the kernel answers with an error, which is what we are about", (veth, far) => {
  assert.deepEqual(answers(far, named("VXLAN")), [ERROR, REPLY]);
  const kept = keep(veth);
  kept.close();
  kept.close();
  // The kernel sends one error a second.
  const later: string[] = [];
  until(
    () => later.includes(ERROR),
    () => later.push(...answers(far, named("VXLAN"))),
  );
  assert.ok(later.includes(ERROR));
});

for (const program of [true, false]) {
  const how = program ? "with the program" : "by the socket alone";
  prove(`no error goes out, and a ping is answered, ${how}`, (veth, far) => {
    const kept = keep(veth, { program });
    if (tcx) assert.deepEqual(kept.notices, []);
    for (const name of ["VXLAN", "a header of 60 bytes", "a tag of VLAN 0"]) {
      assert.deepEqual(answers(far, named(name)), [REPLY], name);
    }
    kept.close();
    assert.deepEqual(answers(far, named("VXLAN")), [ERROR, REPLY]);
  });

  prove(`other ports are answered as ever, ${how}`, (veth, far) => {
    const kept = keep(veth, { program });
    assert.deepEqual(answers(far, named("another port")), [ERROR, REPLY]);
    kept.close();
  });

  prove(`packet sockets see all of it, ${how}`, (veth, far) => {
    const kept = keep(veth, { program });
    const open = () => openAfPacket({ interface: "near0", onlyVxlanTo: VTEP }, system);
    const driver = veth.atNear(open);
    far.send(named("VXLAN"));
    assertFrames(receiveFrames(driver, new PacketPool(), 1), [named("VXLAN")]);
    driver.close();
    kept.close();
  });
}

prove("the program takes ours before the stack does, and nothing else", (veth, far) => {
  const count = () => UNDERLAY_FRAMES.map(({ frame }) => takenUp(veth, far, frame));
  const without = count();
  assert.ok(UNDERLAY_FRAMES.every(({ ours }, i) => !ours || without[i] === 1));
  assert.ok(without.filter((taken) => taken === 1).length > 10);
  const kept = keep(veth);
  const what = (counts: readonly number[]) =>
    counts.map((taken, i) => `${UNDERLAY_FRAMES[i]!.what}: ${taken}`);
  const expected = tcx
    ? without.map((taken, i) => (UNDERLAY_FRAMES[i]!.ours ? 0 : taken))
    : without;
  assert.deepEqual(what(count()), what(expected));
  kept.close();
});

prove("a VXLAN device of the kernel cannot have the port meanwhile", (veth) => {
  const up = () => veth.atNear(() => ip("link set vx0 up"));
  veth.atNear(() => ip("link add vx0 type vxlan id 7 local 10.9.0.1 dstport 4789"));
  const kept = keep(veth);
  assert.throws(up, /Address already in use/);
  kept.close();
  up();
  assert.throws(() => keep(veth), {
    message:
      "UDP port 4789 of 10.9.0.1 is taken, by another program (ss -ulnp) or a VXLAN device of the kernel (ip -details link show type vxlan)",
  });
});

prove("an address that is not there is an error that says so", (veth) => {
  veth.atNear(() => ip("address delete 10.9.0.1/24 dev near0"));
  assert.throws(() => keep(veth), {
    message: "10.9.0.1, the VTEP, is not an address of this machine",
  });
});

prove("where there is no TCX it goes without, and says so", (veth, far) => {
  const LINK_CREATE = 28;
  const EINVAL = -22;
  const old: System = {
    ...system,
    bpf: (command, attributes) =>
      command === LINK_CREATE ? EINVAL : system.bpf(command, attributes),
  };
  const kept = keep(veth, {}, old);
  assert.match(kept.notices.join(), /at near0: EINVAL, .*: it needs Linux 6.6; without it/);
  assert.deepEqual(answers(far, named("VXLAN")), [REPLY]);
  kept.close();
});
