// An interface that is the gateway's alone: what the kernel's own stack does there without
// `exclusive`, it does not do with it.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { test } from "node:test";
import { until } from "../../src/drivers/contract.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { Rtnetlink } from "../../src/drivers/linux/rtnetlink.ts";
import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { toNear } from "./underlay-frames.ts";
import { FAR_MAC, Veth } from "./veth.ts";

const system = await liveSystem(whyNotLive());
const old = Number(release().split(".")[0]) < 6 || /^6\.[0-5]\./.test(release());
const why = whyNotLive() ?? (old ? `it needs Linux 6.6, and this is ${release()}` : undefined);

const NEAR = ["10.9.0.1", "10.9.0.77", "2001:db8:9::1"];

/** A host at the near end with addresses on near0 and elsewhere, which forwards to out0. */
function makeHost(veth: Veth): void {
  const set = (name: string, value: string) => writeFileSync(`/proc/sys/net/${name}`, value);
  veth.atNear(() => {
    set("ipv4/ip_forward", "1");
    set("ipv6/conf/near0/disable_ipv6", "0");
    set("ipv6/conf/all/forwarding", "1");
    ip("link add out0 type veth peer name out1", "link set out0 up", "link set out1 up");
    ip("address add 10.9.0.1/24 dev near0", "address add 10.9.0.77/24 dev near0");
    ip("address add 2001:db8:9::1/64 dev near0 nodad", "address add 10.7.0.1/24 dev out0");
    ip("neighbor add 10.7.0.2 lladdr 02:00:00:00:07:02 dev out0");
    ip(`neighbor add 10.9.0.2 lladdr ${FAR_MAC} dev near0`);
  });
  veth.atFar(() => {
    set("ipv6/conf/far0/disable_ipv6", "0");
    ip("address add 10.9.0.2/24 dev far0", "address add 2001:db8:9::2/64 dev far0 nodad");
    ip("route add 10.7.0.0/24 dev far0");
  });
}

/** Has the far end's kernel look for neighbors; those of which there was an answer (ARP, or ND). */
function found(veth: Veth, addresses: readonly string[]): string[] {
  const netlink = veth.atFar(() => new Rtnetlink(system));
  try {
    const link = netlink.links().find(({ name }) => name === "far0")!;
    veth.atFar(() => ip("neighbor flush dev far0"));
    netlink.changes();
    for (const address of addresses) netlink.resolve(link.index, parseIpAddress(address)!);
    const answered = new Set<string>();
    until(
      () => answered.size === addresses.length,
      () => {
        for (const { fact } of netlink.changes().changes) {
          if (fact.kind !== "neighbor" || fact.state !== "reachable") continue;
          answered.add(formatIpAddress(fact.address));
        }
      },
    );
    return addresses.filter((address) => answered.has(address));
  } finally {
    netlink.close();
  }
}

/** What comes of packets: ICMP at far0 is an answer, at out1 it was forwarded. */
function comesOf(veth: Veth, ...texts: readonly string[]): string {
  const far = veth.atFar(() => new Probe(system, "far0"));
  const out = veth.atNear(() => new Probe(system, "out1"));
  try {
    for (const text of texts) {
      const packet = buildPacket(parsePacket(text));
      assert.ok(far.send(toNear(ethernetFrame(packet, { padTo: 60 }))));
    }
    const seen: string[] = [];
    const isIcmp = (frame: Uint8Array) => frame[12] === 8 && frame[13] === 0 && frame[23] === 1;
    until(
      () => seen.length > 0,
      () => {
        if (far.take().some(isIcmp)) seen.push("answered");
        if (out.take().some(isIcmp)) seen.push("forwarded");
      },
    );
    return seen.join() || "nothing";
  } finally {
    far.close();
    out.close();
  }
}

const PACKETS = {
  "icmp 10.9.0.2 > 10.9.0.1 echo-request id=1": "answered",
  "icmp 10.9.0.2 > 10.9.0.77 echo-request id=1": "answered",
  "icmp 10.9.0.2 > 10.7.0.1 echo-request id=1": "answered",
  "icmp 10.9.0.2 > 10.7.0.2 echo-request id=1": "forwarded",
  "icmp 10.9.0.2 > 10.7.0.2 echo-request id=1 ttl=1": "answered",
};

test("exclusive: no ARP, no ND, no ping, nothing forwarded", why ? { skip: why } : {}, () => {
  const veth = new Veth(system);
  try {
    makeHost(veth);
    const addresses = [...NEAR, "10.7.0.1"];
    assert.deepEqual(found(veth, addresses), addresses, "left alone the kernel answers");
    for (const [text, expected] of Object.entries(PACKETS)) {
      assert.equal(comesOf(veth, text), expected, text);
    }
    const open = () => openAfPacket({ interface: "near0", exclusive: true }, system);
    const driver = veth.atNear(open);
    assert.deepEqual(found(veth, addresses), []);
    assert.equal(comesOf(veth, ...Object.keys(PACKETS)), "nothing");
    driver.close();
    assert.deepEqual(found(veth, addresses), addresses, "and again");
  } finally {
    veth.close();
  }
});
