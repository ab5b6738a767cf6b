import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import type { NatPool } from "../../nat/nat-pool.ts";
import { writeIpAddress } from "../../wire/ip-address.ts";
import { containsAddress, prefixOf } from "../../wire/prefix.ts";
import { finish } from "../work.ts";
import { PoolsByAddress } from "./pools-by-address.ts";

const family = fc.constantFrom(4 as const, 6 as const);
const address = fc.record({ family, value: fc.bigInt({ min: 0n, max: 15n }) });
/** Lengths such that addresses of so few bits are in some of them and in others not. */
const prefix = fc
  .tuple(address, fc.nat({ max: 4 }))
  .map(([each, host]) => prefixOf(each, (each.family === 4 ? 32 : 128) - host));
const pool = fc
  .record({ peerVni: fc.constantFrom(1, 2), prefixes: fc.array(prefix, { maxLength: 3 }) })
  .map(({ peerVni, prefixes }) => {
    return { peerVni, publics: prefixes.map((each) => ({ prefix: each })) } as unknown as NatPool;
  });

property(
  "pools of an address are those that have a prefix with it, each once",
  [fc.array(pool, { maxLength: 5 }), address],
  (pools, asked) => {
    const byAddress = new PoolsByAddress();
    finish(byAddress.add(pools));
    const bytes = new Uint8Array(asked.family === 4 ? 4 : 16);
    writeIpAddress(bytes, 0, asked);
    const meant = pools.filter(
      ({ peerVni, publics }) =>
        peerVni === 2 && publics.some((each) => containsAddress(each.prefix, asked)),
    );
    const found = [...byAddress.of(2, bytes)];
    assert.equal(found.length, meant.length);
    assert.deepEqual(new Set(found), new Set(meant));
  },
);
