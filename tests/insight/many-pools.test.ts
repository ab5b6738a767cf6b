// What pools are asked and told when there are many of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { poolLevels } from "../../src/insight/pools/levels.ts";
import { pools } from "../../src/insight/pools.ts";
import { finish } from "../../src/insight/work.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, gatewayOf, rawInterface } from "../support/gateway.ts";

const COUNT = 40;
const ADDRESSES = 8;

/** VPCs that see green behind eight addresses each, all of which are used. */
function gatewayWithMany(): Gateway {
  const numbers = Array.from({ length: COUNT }, (_, index) => index);
  const peering = (index: number) => {
    const as = [{ cidr: `192.0.${index}.0/29` }];
    const nat = { masquerade: { ports: "2000-2000" } };
    return {
      [`vpc${index}`]: { expose: [{ ips: [{ cidr: "10.0.0.0/24" }], as, nat }] },
      green: { expose: [{ ips: [{ cidr: "10.1.0.0/24" }] }] },
    };
  };
  const gateway = gatewayOf({
    vpcs: Object.fromEntries([
      ["green", { vni: 99 }],
      ...numbers.map((index) => [`vpc${index}`, { vni: 100 + index }]),
    ]),
    peerings: Object.fromEntries(
      numbers.map((index) => [`p${index}`, { peering: peering(index) }]),
    ),
  });
  for (const index of numbers) {
    const iface = rawInterface(gateway, `vpc${index}`);
    for (let port = 1; port <= ADDRESSES; port++) {
      gateway.receive(iface, buildPacket(parsePacket(`udp 10.0.0.4:${port} > 10.1.0.1:53`)));
      gateway.run(0);
      gateway.clear();
    }
  }
  return gateway;
}

test("a pool is asked about its own addresses alone, and has all of them", () => {
  const gateway = gatewayWithMany();
  let asked = 0;
  for (const { pool } of gateway.parts.names.pools) {
    const addressOf = pool.addressOf.bind(pool);
    pool.addressOf = (set, protocol) => {
      asked++;
      return addressOf(set, protocol);
    };
  }
  const used = finish(pools(gateway)).filter(({ protocol }) => protocol === "udp");
  assert.equal(asked, COUNT * ADDRESSES);
  assert.deepEqual(
    used.map(({ fullest, used: ports }) => [fullest.length, ports]),
    Array(COUNT).fill([ADDRESSES, ADDRESSES]),
  );
});

test("addresses of pools that are gone cost pieces, too", () => {
  const gateway = gatewayWithMany();
  gateway.apply(configOf({ vpcs: { green: { vni: 99 } }, peerings: {} }));
  const work = poolLevels(gateway);
  let pieces = 0;
  while (!work.next().done) pieces++;
  assert.ok(pieces > 1, `${pieces}`);
});

test("making ready for many small pools is done in pieces, too", () => {
  const gateway = gatewayWithMany();
  const { mappings } = gateway.parts.flows.nat;
  const read = mappings.read.bind(mappings);
  const { limit } = mappings;
  let pieces = 0;
  /** When counting was begun, and when the first port was counted. */
  let [begun, counted] = [-1, -1];
  const noteLimit = () => {
    if (begun < 0) begun = pieces;
    return limit;
  };
  Object.defineProperty(mappings, "limit", { get: noteLimit });
  mappings.read = (mapping, view) => {
    counted = pieces;
    return read(mapping, view);
  };
  const work = pools(gateway);
  for (; counted < 0; pieces++) assert.ok(!work.next().done);
  assert.ok(counted - begun > 1, `${counted - begun}`);
});
