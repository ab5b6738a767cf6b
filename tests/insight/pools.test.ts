// What is told of pools of public endpoints, of a gateway that packets have passed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { poolLevels } from "../../src/insight/pools/levels.ts";
import { watchedPools } from "../../src/insight/pools/watched.ts";
import { type PoolAddressReport, type PoolReport, pools } from "../../src/insight/pools.ts";
import { finish } from "../../src/insight/work.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, gatewayOf, rawInterface } from "../support/gateway.ts";

interface Choice {
  readonly as?: string;
  readonly masquerade?: object;
  readonly forward?: boolean;
  readonly red?: boolean;
}

function config({ as = "192.0.2.1/32", masquerade = {}, forward, red }: Choice): object {
  const behind = (cidr: string) => ({ ips: [{ cidr }], as: [{ cidr: as }], nat: { masquerade } });
  const web = {
    ips: [{ cidr: "10.0.0.80/32" }],
    as: [{ cidr: "192.0.2.1/32" }],
    nat: { portForward: { ports: [{ proto: "tcp", port: "8000-8009", as: "8000-8009" }] } },
  };
  const green = { expose: [{ ips: [{ cidr: "10.1.0.0/24" }] }] };
  const v6 = {
    ips: [{ cidr: "2001:db8:1::/64" }],
    as: [{ cidr: "2001:db8:9::1/128" }],
    nat: { masquerade: {} },
  };
  const blue = { expose: [behind("10.0.0.0/24"), v6, ...(forward ? [web] : [])] };
  const seen = { expose: [...green.expose, { ips: [{ cidr: "2001:db8:2::/64" }] }] };
  return {
    vpcs: { blue: { vni: 101 }, green: { vni: 102 }, ...(red && { red: { vni: 103 } }) },
    peerings: {
      p: { peering: { blue, green: seen } },
      ...(red && {
        q: { peering: { red: { expose: [behind("10.0.0.0/24")] }, green } },
      }),
    },
  };
}

/** What became of each. */
function send(gateway: Gateway, iface: number, packets: readonly string[], now = 0): string[] {
  return packets.map((text) => {
    gateway.receive(iface, buildPacket(parsePacket(text)));
    gateway.run(now);
    const { verdict, reason } = gateway.outcome(0) as { verdict: string; reason?: string };
    gateway.clear();
    return reason ?? verdict;
  });
}

function udp(host: number, count: number, to = 53): string[] {
  return Array.from(
    { length: count },
    (_, index) => `udp 10.0.0.${host}:${2000 + index} > 10.1.0.1:${to}`,
  );
}

function report(gateway: Gateway, protocol = "udp", vpc = "blue"): PoolReport {
  return finish(pools(gateway)).find((each) => each.protocol === protocol && each.vpc === vpc)!;
}

test("a pool tells its size, who uses it, and who has most", () => {
  const gateway = gatewayOf(config({}));
  const blue = rawInterface(gateway, "blue");
  for (const [host, count] of [[4, 3], [5, 7], [6, 1]] as const) send(gateway, blue, udp(host, count)); // biome-ignore format: a table
  const { size, taken, free, used, resting, refused, holders, ...rest } = report(gateway);
  assert.deepEqual({ size, taken, free }, { size: 64_512, taken: 11, free: 64_501 });
  assert.deepEqual({ used, resting, refused }, { used: 11, resting: 0, refused: 0 });
  assert.deepEqual(holders, [
    { address: "10.0.0.5", ports: 7 },
    { address: "10.0.0.4", ports: 3 },
    { address: "10.0.0.6", ports: 1 },
  ]);
  const [{ set, ...address }, ...others] = rest.fullest as [PoolAddressReport];
  assert.deepEqual(
    [address, others],
    [
      {
        ...{ address: "192.0.2.1", size: 64_512, used: 11, resting: 0, free: 64_501 },
        ...{ refused: 0, elsewhere: 0, holders: holders.slice(0, 3) },
      },
      [],
    ],
  );
  const { id, vpc, peer, peering, pool, expose, place, addresses } = rest;
  assert.equal(id, "blue > green 192.0.2.1/32 udp");
  assert.deepEqual([vpc, peer, peering, pool], ["blue", "green", "p", "192.0.2.1/32"]);
  assert.deepEqual([expose, place?.file, addresses], ["expose 1 of blue", "test.yaml", 1]);
});

test("each protocol has ports of its own; identifiers of ICMP are 65,536", () => {
  const gateway = gatewayOf(config({}));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, ["icmp 10.0.0.4 > 10.1.0.1 echo-request id=7", ...udp(4, 2)]);
  const told = finish(poolLevels(gateway)).map(
    ({ pool, protocol, size, taken }) => `${pool} ${protocol} ${taken}/${size}`,
  );
  assert.deepEqual(told, [
    "192.0.2.1/32 icmp 1/65536",
    "192.0.2.1/32 tcp 0/64512",
    "192.0.2.1/32 udp 2/64512",
    "2001:db8:9::1/128 tcp 0/64512",
    "2001:db8:9::1/128 udp 0/64512",
    "2001:db8:9::1/128 icmp 0/65536",
  ]);
});

test("holders in IPv6 are told by their address", () => {
  const gateway = gatewayOf(config({}));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, ["udp [2001:db8:1::77]:2000 > [2001:db8:2::1]:53"]);
  const v6 = finish(pools(gateway)).find(
    ({ pool, protocol }) => /:/.test(pool) && protocol === "udp",
  );
  assert.deepEqual(v6?.holders, [{ address: "2001:db8:1::77", ports: 1 }]);
  assert.equal(v6?.used, 1);
});

test("many flows of one private endpoint hold one port", () => {
  const gateway = gatewayOf(config({}));
  const blue = rawInterface(gateway, "blue");
  for (const to of [53, 54, 55]) send(gateway, blue, udp(4, 1, to));
  const { used, holders } = report(gateway);
  assert.equal(used, 1);
  assert.deepEqual(holders, [{ address: "10.0.0.4", ports: 1 }]);
});

test("a shared port counts once, and for each flow of a holder", () => {
  const gateway = gatewayOf(config({ masquerade: { mapping: "address-and-port-dependent" } }));
  const blue = rawInterface(gateway, "blue");
  for (const host of [4, 5, 5]) {
    send(gateway, blue, [
      `udp 10.0.0.${host}:2000 > 10.1.0.${host}:${2000 + gateway.flows().length}`,
    ]);
  }
  const { used, taken, holders } = report(gateway);
  assert.deepEqual(holders, [
    { address: "10.0.0.5", ports: 2 },
    { address: "10.0.0.4", ports: 1 },
  ]);
  assert.equal(used, taken);
});

test("ports of flows that are over rest", () => {
  const gateway = gatewayOf(config({ masquerade: { idleTimeout: "30s" } }));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, udp(4, 5));
  gateway.advance(301_000);
  const { used, resting, taken } = report(gateway);
  assert.deepEqual({ used, resting, taken }, { used: 0, resting: 5, taken: 5 });
});

test("who finds no port is counted, also after a new configuration", () => {
  const choice = { masquerade: { ports: "2000-2003" }, red: true };
  const gateway = gatewayOf(config(choice));
  const blue = rawInterface(gateway, "blue");
  assert.deepEqual(send(gateway, blue, udp(4, 6)).slice(4), ["no-free-port", "no-free-port"]);
  const { used, free, refused, fullest } = report(gateway);
  assert.deepEqual({ used, free, refused }, { used: 4, free: 0, refused: 2 });
  assert.equal(fullest[0]?.refused, 2);
  gateway.apply(configOf(config(choice)));
  assert.equal(report(gateway).refused, 2);
  assert.equal(report(gateway).used, 4);
  assert.equal(report(gateway, "tcp").refused, 0);
  assert.equal(report(gateway, "udp", "red").refused, 0);
});

test("two VPCs behind one address: each has its own, both see what is taken", () => {
  const gateway = gatewayOf(config({ red: true }));
  const [blue, red] = [rawInterface(gateway, "blue"), rawInterface(gateway, "red")];
  send(gateway, blue, udp(4, 3));
  send(gateway, red, udp(4, 2));
  const [one, other] = [report(gateway), report(gateway, "udp", "red")];
  assert.deepEqual([one.used, one.taken], [3, 5]);
  assert.deepEqual([other.used, other.taken], [2, 5]);
  assert.deepEqual([one.fullest[0]?.used, one.fullest[0]?.free], [3, 64_507]);
});

/** The public address that the pool gives the host. */
function homeOf(choice: Choice, host: number): string {
  const gateway = gatewayOf(config(choice));
  send(gateway, rawInterface(gateway, "blue"), udp(host, 1));
  return report(gateway).fullest[0]!.address;
}

const SMALL: Choice = { as: "192.0.2.0/30", masquerade: { ports: "2000-2003" } };

test("flows for which their host's address has no port are counted there", () => {
  const gateway = gatewayOf(config(SMALL));
  const blue = rawInterface(gateway, "blue");
  const home = homeOf(SMALL, 4);
  const counts = () => {
    const { refused, elsewhere, fullest } = report(gateway);
    const { address, ...rest } = fullest.find((each) => each.address === home)!;
    const others = fullest.filter((each) => each.address !== home);
    return {
      pool: [refused, elsewhere],
      home: [rest.used, rest.free, rest.refused, rest.elsewhere],
      others: others.reduce((sum, each) => sum + each.refused + each.elsewhere, 0),
    };
  };
  send(gateway, blue, udp(4, 4));
  assert.deepEqual(counts(), { pool: [0, 0], home: [4, 0, 0, 0], others: 0 });
  send(gateway, blue, udp(4, 9).slice(4));
  assert.deepEqual(counts(), { pool: [0, 5], home: [4, 0, 0, 5], others: 0 });
  send(gateway, blue, udp(4, 19).slice(9));
  const all = { pool: [3, 12], home: [4, 0, 3, 12], others: 0 };
  assert.deepEqual(counts(), all);
  gateway.apply(configOf(config(SMALL)));
  assert.deepEqual(counts(), all);
});

test("in order, every flow looks at the first address first", () => {
  const masquerade = { ports: "2000-2003", allocation: "sequential" };
  const gateway = gatewayOf(config({ ...SMALL, masquerade }));
  const blue = rawInterface(gateway, "blue");
  for (const host of [4, 5, 6]) send(gateway, blue, udp(host, 6));
  const { fullest, isPaired } = report(gateway);
  assert.equal(isPaired, false);
  assert.deepEqual(
    fullest.map(({ address, refused, elsewhere }) => [address, refused, elsewhere]),
    [
      ["192.0.2.0", 2, 12],
      ["192.0.2.1", 0, 0],
      ["192.0.2.2", 0, 0],
      ["192.0.2.3", 0, 0],
    ],
  );
});

test("each address tells who has most of it, and the pool has their sums", () => {
  const choice = { as: "192.0.2.0/30", masquerade: { ports: "2000-2009" } };
  const gateway = gatewayOf(config(choice));
  const blue = rawInterface(gateway, "blue");
  const had = new Map<number, number>();
  for (const [host, count] of [
    [4, 17],
    [5, 2],
    [6, 3],
    [7, 4],
    [8, 1],
    [9, 6],
  ] as const) {
    // biome-ignore format: a table
    send(gateway, blue, udp(host, count));
    had.set(host, count);
  }
  const { fullest, holders } = report(gateway);
  assert.deepEqual(
    holders.map(({ address, ports }) => [address, ports]),
    [...had].sort((a, b) => b[1] - a[1]).map(([host, count]) => [`10.0.0.${host}`, count]),
  );
  const ofFirst = fullest.flatMap((each) =>
    each.holders.filter((one) => one.address === "10.0.0.4"),
  );
  assert.equal(
    ofFirst.reduce((sum, each) => sum + each.ports, 0),
    17,
  );
  assert.ok(ofFirst.length > 1);
  for (const { holders: most, used } of fullest) {
    assert.ok(most.length > 0 && most.length <= 3);
    assert.ok(most.reduce((sum, { ports }) => sum + ports, 0) <= used);
    assert.deepEqual(most, most.toSorted((a, b) => b.ports - a.ports)); // biome-ignore format: short
  }
});

test("of many addresses the fullest are told, and all holders are counted", () => {
  const choice = { as: "192.0.2.0/24", masquerade: { ports: "2000-2003" } };
  const gateway = gatewayOf(config(choice));
  const blue = rawInterface(gateway, "blue");
  // Enough that most addresses are used.
  for (let host = 1; host <= 250; host++) send(gateway, blue, udp(host, 2));
  send(gateway, blue, udp(251, 300));
  const { fullest, holders, used } = report(gateway);
  assert.equal(fullest.length, 100);
  assert.equal(used, 800);
  assert.deepEqual(holders[0], { address: "10.0.0.251", ports: 300 });
  assert.deepEqual(
    holders.slice(1).map(({ ports }) => ports),
    Array(9).fill(2),
  );
  assert.ok(fullest.every(({ free }) => free === 0));
});

test("what is watched of a pool's addresses: the fullest of them, in columns", () => {
  const gateway = gatewayOf(config({ ...SMALL, as: "192.0.2.0/29" }));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, udp(4, 6));
  const udpPool = finish(watchedPools(gateway)).find(({ protocol }) => protocol === "udp")!;
  const { sets, sizes, taken, bytes } = udpPool.watched;
  const [home, next] = report(gateway).fullest;
  assert.deepEqual([...sets], [home?.set, next?.set]);
  assert.deepEqual([[...sizes], [...taken]], [[4, 4], [4, 2]]); // biome-ignore format: a table
  assert.equal([...bytes.subarray(0, 4)].join("."), homeOf({ ...SMALL, as: "192.0.2.0/29" }, 4));
  assert.equal(udpPool.fullestRatio, 1);
});

test("ports that are forwarded are not the pool's", () => {
  const gateway = gatewayOf(config({ forward: true }));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, udp(4, 1));
  send(gateway, blue, ["tcp 10.0.0.4:2000 > 10.1.0.1:80 syn"]);
  assert.equal(report(gateway, "tcp").size, 64_502);
  assert.equal(report(gateway, "tcp").fullest[0]?.size, 64_502);
  assert.equal(report(gateway).size, 64_512);
});

test("ten holders are told, those with most", () => {
  const gateway = gatewayOf(config({ as: "192.0.2.0/28" }));
  const blue = rawInterface(gateway, "blue");
  for (let host = 1; host <= 20; host++) send(gateway, blue, udp(host, host));
  const { holders, addresses, fullest, used } = report(gateway);
  assert.deepEqual(
    holders.map(({ address, ports }) => [address, ports]),
    Array.from({ length: 10 }, (_, index) => [`10.0.0.${20 - index}`, 20 - index]),
  );
  assert.equal(addresses, 16);
  assert.equal(
    fullest.reduce((sum, each) => sum + each.used, 0),
    used,
  );
});

test("packets may come between the pieces", () => {
  const gateway = gatewayOf(config({}));
  const blue = rawInterface(gateway, "blue");
  send(gateway, blue, udp(4, 600));
  const work = pools(gateway);
  let pieces = 0;
  for (; ; pieces++) {
    const { done, value } = work.next();
    if (done) {
      assert.ok(value.length > 0);
      break;
    }
    send(gateway, blue, [`udp 10.0.0.9:${5000 + pieces} > 10.1.0.1:53`]);
    if (pieces === 2) gateway.apply(configOf(config({ masquerade: { ports: "5000-60000" } })));
  }
  assert.ok(pieces > 4, `${pieces}`);
});
