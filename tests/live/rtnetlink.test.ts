// What the kernel tells of the network, and what it is asked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../src/drivers/contract.ts";
import type { Change, Fact } from "../../src/drivers/linux/network-facts.ts";
import { Rtnetlink } from "../../src/drivers/linux/rtnetlink.ts";
import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { formatPrefix } from "../../src/wire/prefix.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { FAR_MAC, NEAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);

function onVeth(name: string, prove: (netlink: Rtnetlink, veth: Veth) => void): void {
  test(`rtnetlink: ${name}`, why === undefined ? {} : { skip: why }, () => {
    const veth = new Veth(system);
    const netlink = veth.atNear(() => new Rtnetlink(system));
    try {
      prove(netlink, veth);
    } finally {
      netlink.close();
      netlink.close();
      veth.close();
    }
  });
}

function near0(netlink: Rtnetlink): number {
  return netlink.dump().links.find(({ name }) => name === "near0")!.index;
}

onVeth("links, addresses, routes and neighbors are as they were set", (netlink, veth) => {
  assert.deepEqual(netlink.dump().addresses, []);
  veth.atNear(() => {
    ip("link set near0 mtu 1400", "address add 10.9.0.1/24 dev near0");
    ip("route add default via 10.9.0.2 metric 9", "route add blackhole 10.7.0.0/16");
    ip(`neighbor add 10.9.0.2 lladdr ${FAR_MAC} dev near0`);
  });
  const { links, addresses, routes, neighbors } = netlink.dump();
  const link = links.find(({ name }) => name === "near0")!;
  assert.equal(formatMac(link.mac), NEAR_MAC);
  assert.deepEqual([link.mtu, link.up, link.running], [1400, true, true]);
  assert.deepEqual(
    addresses.map((each) => [each.link, formatIpAddress(each.address), each.prefixLength]),
    [[link.index, "10.9.0.1", 24]],
  );
  const main = routes.filter(({ table }) => table === 254);
  assert.deepEqual(
    main.map(({ destination, type, metric }) => [formatPrefix(destination), type, metric]),
    [
      ["0.0.0.0/0", "unicast", 9],
      ["10.7.0.0/16", "blackhole", 0],
      ["10.9.0.0/24", "unicast", 0],
    ],
  );
  assert.equal(formatIpAddress(main[0]!.hops[0]!.gateway!), "10.9.0.2");
  assert.deepEqual(
    neighbors.map((each) => [formatIpAddress(each.address), formatMac(each.mac), each.state]),
    [["10.9.0.2", FAR_MAC, "permanent"]],
  );
});

onVeth("of more than one answer can hold nothing is missing", (netlink, veth) => {
  const lines = Array.from({ length: 3000 }, (_, i) => {
    return `route add blackhole 10.${i >> 8}.${i & 255}.0/24`;
  });
  veth.atNear(() => ip(...lines));
  assert.equal(netlink.dump().routes.length, 3000);
});

const KINDS: Readonly<Record<string, (fact: Fact) => string>> = {
  link: (fact) => (fact.kind === "link" ? `${fact.name} ${fact.up}` : ""),
  address: (fact) => (fact.kind === "address" ? formatIpAddress(fact.address) : ""),
  route: (fact) => (fact.kind === "route" ? formatPrefix(fact.destination) : ""),
  neighbor: (fact) => (fact.kind === "neighbor" ? `${formatIpAddress(fact.address)}` : ""),
};

function tell({ fact, gone }: Change): string {
  return `${gone ? "gone" : "new"} ${fact.kind} ${KINDS[fact.kind]!(fact)}`;
}

onVeth("changes are told, in order", (netlink, veth) => {
  const told = (lines: readonly string[]) => {
    veth.atNear(() => ip(...lines));
    const { changes, askAgain } = netlink.changes();
    return { said: changes.map(tell), askAgain };
  };
  told([]);
  assert.deepEqual(told([]), { said: [], askAgain: false });
  const first = told(["address add 10.9.0.1/24 dev near0", "route add 10.7.0.0/16 via 10.9.0.2"]);
  assert.equal(first.said[0], "new address 10.9.0.1");
  assert.equal(first.said.at(-1), "new route 10.7.0.0/16");
  assert.equal(first.askAgain, false);
  assert.deepEqual(told(["route delete 10.7.0.0/16"]).said, ["gone route 10.7.0.0/16"]);
  const mac = `10.9.0.2 lladdr ${FAR_MAC} dev near0`;
  assert.deepEqual(told([`neighbor add ${mac}`]).said, ["new neighbor 10.9.0.2"]);
  const deleted = told(["neighbor delete 10.9.0.2 dev near0"]);
  assert.equal(deleted.said.at(-1), "gone neighbor 10.9.0.2");
  const without = told(["address delete 10.9.0.1/24 dev near0"]);
  assert.ok(without.said.includes("gone address 10.9.0.1"));
  assert.equal(without.askAgain, true, "routes through that subnet are gone without a word");
  const down = told(["link set near0 down"]);
  assert.ok(down.said.includes("new link near0 false"));
  assert.equal(down.askAgain, true);
  const deletedLink = told(["link delete near0"]);
  assert.ok(deletedLink.said.includes("gone link near0 false"));
});

onVeth("what was lost is told, and what follows is heard", (netlink, veth) => {
  const many = Array.from({ length: 4000 }, (_, i) => {
    return `route add blackhole 10.${i >> 8}.${i & 255}.0/24`;
  });
  // Nobody listens meanwhile.
  let lost = false;
  for (let round = 0; round < 8 && !lost; round++) {
    veth.atNear(() => ip(...many, "route flush type blackhole"));
    lost = round > 2 && netlink.changes().askAgain;
  }
  assert.equal(lost, true);
  veth.atNear(() => ip("route add blackhole 10.200.0.0/16"));
  const { changes, askAgain } = netlink.changes();
  assert.deepEqual(changes.map(tell), ["new route 10.200.0.0/16"]);
  assert.equal(askAgain, false);
});

onVeth("the kernel is asked to find a neighbor, and tells what it found", (netlink, veth) => {
  veth.atNear(() => ip("address add 10.9.0.1/24 dev near0"));
  veth.atFar(() => ip("address add 10.9.0.2/24 dev far0"));
  const link = near0(netlink);
  netlink.changes();
  netlink.resolve(link, parseIpAddress("10.9.0.2")!);
  const found: Change[] = [];
  const reachable = () =>
    found.find(({ fact }) => fact.kind === "neighbor" && fact.state === "reachable");
  until(
    () => reachable() !== undefined,
    () => found.push(...netlink.changes().changes),
  );
  const fact = reachable()?.fact;
  assert.equal(fact?.kind === "neighbor" && formatMac(fact.mac), FAR_MAC);
  assert.throws(() => netlink.resolve(4711, parseIpAddress("10.9.0.2")!), { code: "ENODEV" });
});
