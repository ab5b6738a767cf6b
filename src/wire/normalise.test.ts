import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entries } from "../../tests/support/entries.ts";
import { property } from "../../tests/support/property.ts";
import { exclude, normalise } from "./normalise.ts";
import { containsAddress, prefixOf } from "./prefix.ts";
import { entriesOverlap, formatPrefixPorts, type PrefixPorts } from "./prefix-ports.ts";

const show = (list: readonly PrefixPorts[]) => list.map(formatPrefixPorts).join(" ");

const EIGHT =
  "1.0.0.0/24 1.0.2.0/23 1.0.4.0/22 1.0.8.0/21 1.0.16.0/20 1.0.32.0/19 1.0.64.0/18 1.0.128.0/17";

for (const [from, holes, left] of [
  ["1.0.0.0/16", "1.0.0.0/16", ""],
  ["1.0.0.0/16", "1.0.0.0/17", "1.0.128.0/17"],
  ["1.0.0.0/16", "1.0.1.0/24", EIGHT],
  ["1.1.1.1/32", "0.0.0.0/0", ""],
  ["128.0.0.0/2", "0.0.0.0/1", "128.0.0.0/2"],
  ["1.0.0.0/16", "1::/112", "1.0.0.0/16"],
  ["1.0.0.0/16 2.0.17.0/24", "1.0.1.0/24 2.0.17.64/26", `${EIGHT} 2.0.17.0/26 2.0.17.128/25`],
  ["1.0.0.0/16:4000-5000", "1.0.0.0/16:6000-7000", "1.0.0.0/16:4000-5000"],
  ["1.0.0.0/16:4000-5000", "1.0.0.0/16:4200-4800", "1.0.0.0/16:4000-4199 1.0.0.0/16:4801-5000"],
  ["1.0.0.0/16:4000-5000", "1.0.0.0/17:4000-4500", "1.0.0.0/16:4501-5000 1.0.128.0/17:4000-4500"],
  [
    "1.0.0.0/16:1000-2000",
    "1.0.0.0/17:1000-1500 1.0.0.0/16:1800-1900",
    "1.0.0.0/16:1501-1799 1.0.0.0/16:1901-2000 1.0.128.0/17:1000-1500",
  ],
  [
    "1.0.0.0/16",
    "1.0.0.0/17:4000-5000",
    "1.0.0.0/16:0-3999 1.0.0.0/16:5001-65535 1.0.128.0/17:4000-5000",
  ],
  ["1.0.0.0/16:80-443", "1.0.0.0/17", "1.0.128.0/17:80-443"],
  ["1.0.0.0/16", "1.0.0.0/17:0-32767", "1.0.0.0/16:32768-65535 1.0.128.0/17:0-32767"],
  [
    "2001:db8::/32:4000-5000",
    "2001:db8::/33:4000-4500",
    "2001:db8::/32:4501-5000 2001:db8:8000::/33:4000-4500",
  ],
] as const) {
  test(`${from} without ${holes}`, () => {
    assert.equal(show(exclude(entries(from), entries(holes))), left);
  });
}

for (const [from, merged] of [
  ["192.168.0.0/24 192.168.1.0/24", "192.168.0.0/23"],
  [
    "192.168.0.0/24 192.168.1.0/24 192.168.4.0/24 192.168.5.0/24 192.168.6.0/24 192.168.7.0/24 192.168.2.0/23 192.168.8.0/21",
    "192.168.0.0/20",
  ],
  [
    "192.168.0.0/24:80 192.168.0.0/24:81-100 192.168.0.0/24:1-79 192.168.0.0/24:101-180",
    "192.168.0.0/24:1-180",
  ],
  ["10.0.0.0/16 10.0.0.0/17", "10.0.0.0/16"],
  ["10.0.0.0/31:1-2 10.0.0.0/31:3-4", "10.0.0.0/31:1-4"],
] as const) {
  test(`${from} is ${merged}`, () => assert.equal(show(normalise(entries(from))), merged));
}

/** Small worlds: every (address, port) of a /28 with eight ports can be tried. */
const entry = fc
  .tuple(
    fc.nat({ max: 15 }),
    fc.integer({ min: 28, max: 32 }),
    fc.option(fc.tuple(fc.nat(7), fc.nat(7))),
  )
  .map(([host, length, ports]): PrefixPorts => {
    const prefix = prefixOf({ family: 4, value: 0x0a000000n + BigInt(host) }, length);
    if (ports === null) return { prefix };
    return { prefix, ports: { first: Math.min(...ports), last: Math.max(...ports) } };
  });
const list = fc.array(entry, { maxLength: 6 });

function covers(all: readonly PrefixPorts[], address: bigint, port: number): boolean {
  return all.some(
    ({ prefix, ports }) =>
      containsAddress(prefix, { family: 4, value: address }) &&
      (ports === undefined || (port >= ports.first && port <= ports.last)),
  );
}

property(
  "the normal form covers exactly what is included and not excluded, each pair once",
  [list, list],
  (included, excluded) => {
    const result = normalise(included, excluded);
    for (let host = 0n; host < 16n; host++) {
      for (const port of [0, 1, 2, 3, 4, 5, 6, 7, 8, 65535]) {
        const address = 0x0a000000n + host;
        const expected = covers(included, address, port) && !covers(excluded, address, port);
        assert.equal(covers(result, address, port), expected);
      }
    }
    result.forEach((a, i) => {
      result.forEach((b, j) => {
        assert.ok(i === j || !entriesOverlap(a, b));
      });
    });
  },
  { runs: 2000 },
);

property("the normal form of a normal form is itself", [list], (included) => {
  const once = normalise(included);
  assert.equal(show(normalise(once)), show(once));
});
