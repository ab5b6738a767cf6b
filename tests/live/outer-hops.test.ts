// The way to remote VTEPs as a real kernel's routes and neighbors say it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../src/drivers/contract.ts";
import { OuterHops } from "../../src/drivers/linux/outer-hops.ts";
import { Rtnetlink } from "../../src/drivers/linux/rtnetlink.ts";
import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { ip, ipShow, liveSystem, whyNotLive } from "./namespaces.ts";
import { FAR_MAC, NEAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);

const LINK = parseIpAddress("10.9.0.2")!;
const BEHIND = parseIpAddress("172.31.0.1")!;
const FROM_TO = `${NEAR_MAC} > ${FAR_MAC}`;

interface Scene {
  readonly veth: Veth;
  readonly hops: OuterHops;
  /** Polls until the way to the VTEP is this, or there is no hope; returns it. */
  readonly waitFor: (vtep: typeof LINK, expected: string) => string | undefined;
  /** Whose hop has changed in all these polls. */
  readonly changed: Set<string>;
}

function prove(name: string, work: (scene: Scene) => void): void {
  test(`outer hops: ${name}`, why === undefined ? {} : { skip: why }, () => {
    const veth = new Veth(system);
    const netlink = veth.atNear(() => new Rtnetlink(system));
    try {
      veth.atNear(() => {
        ip("address add 10.9.0.1/24 dev near0", "route add 172.31.0.0/16 via 10.9.0.2");
        ip("link add other0 type veth peer name other1", "address add 10.8.0.1/24 dev other0");
        ip("link set other0 up", "link set other1 up");
      });
      veth.atFar(() => ip("address add 10.9.0.2/24 dev far0"));
      const hops = new OuterHops(netlink, "near0");
      hops.want([LINK, BEHIND]);
      const changed = new Set<string>();
      let now = 0;
      const tell = (vtep: typeof LINK) => {
        const hop = hops.hop(vtep);
        if (hop === undefined) return hops.why(vtep);
        return `${formatMac(hop.sourceMac)} > ${formatMac(hop.destinationMac)}`;
      };
      const waitFor = (vtep: typeof LINK, expected: string) => {
        until(
          () => tell(vtep) === expected,
          () => {
            for (const each of hops.poll(now++)) changed.add(formatIpAddress(each));
          },
        );
        return tell(vtep);
      };
      work({ veth, hops, waitFor, changed });
    } finally {
      netlink.close();
      veth.close();
    }
  });
}

function isAt({ waitFor }: Scene, vtep: typeof LINK, expected: string): void {
  assert.equal(waitFor(vtep, expected), expected);
}

prove("the kernel finds the neighbor, for a VTEP on the link and one behind it", (scene) => {
  isAt(scene, LINK, FROM_TO);
  isAt(scene, BEHIND, FROM_TO);
  assert.deepEqual([...scene.changed].sort(), ["10.9.0.2", "172.31.0.1"]);
  assert.equal(scene.hops.whyNotOwn(parseIpAddress("10.9.0.1")!), undefined);
  assert.match(scene.hops.whyNotOwn(LINK)!, /is not an address of this machine/);
  assert.deepEqual([scene.hops.mtu, scene.hops.up], [1500, true]);
});

prove("an old entry is looked at again, though nobody sends anything", (scene) => {
  isAt(scene, LINK, FROM_TO);
  const state = () => scene.veth.atNear(() => ipShow("neighbor show 10.9.0.2 dev near0")).trim();
  scene.veth.atNear(() => {
    ip(`neighbor replace 10.9.0.2 lladdr ${FAR_MAC} dev near0 nud stale`);
  });
  assert.match(state(), /STALE$/);
  until(
    () => /DELAY|PROBE|REACHABLE/.test(state()),
    () => scene.hops.poll(10_000),
  );
  // It is asked about in a few seconds, and used meanwhile.
  assert.match(state(), /DELAY|PROBE|REACHABLE/);
  isAt(scene, LINK, FROM_TO);
});

prove("one who does not answer is told, and found when it is there", (scene) => {
  scene.veth.atFar(() => ip("address delete 10.9.0.2/24 dev far0"));
  isAt(scene, LINK, "the neighbor 10.9.0.2 at near0 is being looked for");
  scene.veth.atFar(() => ip("address add 10.9.0.2/24 dev far0"));
  isAt(scene, LINK, FROM_TO);
});

prove("MAC addresses are followed, the neighbor's and the interface's", (scene) => {
  isAt(scene, BEHIND, FROM_TO);
  const moved = "02:00:00:00:00:77";
  // The far end's kernel says so to everybody.
  scene.veth.atFar(() => {
    ip("link set far0 down", `link set far0 address ${moved}`, "link set far0 up");
  });
  scene.veth.atNear(() => ip("neighbor flush dev near0"));
  isAt(scene, BEHIND, `${NEAR_MAC} > ${moved}`);
  scene.veth.atNear(() => ip("link set near0 address 02:00:00:00:00:66"));
  isAt(scene, BEHIND, `02:00:00:00:00:66 > ${moved}`);
});

prove("routes are followed", (scene) => {
  isAt(scene, BEHIND, FROM_TO);
  const to = "the route to 172.31.0.1,";
  scene.veth.atNear(() => ip("route add 172.31.0.0/24 via 10.8.0.2"));
  isAt(scene, BEHIND, `${to} 172.31.0.0/24, goes by other0 and not by near0`);
  scene.veth.atNear(() => ip("route replace blackhole 172.31.0.0/24"));
  isAt(scene, BEHIND, `${to} 172.31.0.0/24, leads nowhere: blackhole`);
  scene.veth.atNear(() => ip("route delete blackhole 172.31.0.0/24"));
  isAt(scene, BEHIND, FROM_TO);
  scene.veth.atNear(() => ip("route delete 172.31.0.0/16"));
  isAt(scene, BEHIND, "no route leads to 172.31.0.1");
  scene.veth.atNear(() => {
    ip("route add 172.31.0.0/16 nexthop via 10.8.0.2 nexthop via 10.9.0.2");
  });
  isAt(scene, BEHIND, FROM_TO);
  scene.veth.atNear(() => ip("address add 172.31.0.1/32 dev other0"));
  isAt(scene, BEHIND, "172.31.0.1 is an address of this machine");
});

prove("an interface goes down, comes back, and is made anew", (scene) => {
  isAt(scene, LINK, FROM_TO);
  scene.veth.atFar(() => ip("link set far0 down"));
  isAt(scene, LINK, "near0 is connected to nothing that is on");
  scene.veth.atFar(() => ip("link set far0 up"));
  isAt(scene, BEHIND, FROM_TO);
  scene.veth.atNear(() => ip("link set near0 down"));
  isAt(scene, LINK, "near0 is switched off");
  // That takes the routes by routers with it, without a word.
  scene.veth.atNear(() => ip("link set near0 up"));
  isAt(scene, BEHIND, "no route leads to 172.31.0.1");
  isAt(scene, LINK, FROM_TO);
  scene.veth.atNear(() => ip("link delete near0"));
  isAt(scene, LINK, "there is no interface near0");
  const far = `far0 netns ${scene.veth.far} address ${FAR_MAC}`;
  scene.veth.atNear(() => {
    ip(`link add near0 address ${NEAR_MAC} type veth peer name ${far}`);
    ip("link set near0 up", "address add 10.9.0.1/24 dev near0");
  });
  scene.veth.atFar(() => ip("link set far0 up", "address add 10.9.0.2/24 dev far0"));
  isAt(scene, LINK, FROM_TO);
});
