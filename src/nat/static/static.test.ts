import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entries } from "../../../tests/support/entries.ts";
import { property } from "../../../tests/support/property.ts";
import type { NatExpose } from "../../config/model.ts";
import { formatIpAddress, parseIpAddress } from "../../wire/ip-address.ts";
import { normalise } from "../../wire/normalise.ts";
import { parsePrefix, prefixOf } from "../../wire/prefix.ts";
import { type PrefixPorts, portCount, sizeOf } from "../../wire/prefix-ports.ts";
import { applyMapping, type Endpoint } from "../apply-mapping.ts";
import type { MappingRule } from "../mapping.ts";
import { staticMapping } from "./binder.ts";

function mapping(privates: readonly PrefixPorts[], publics: readonly PrefixPorts[]) {
  const place = { file: "", line: 1, column: 1 };
  const expose: NatExpose = {
    kind: "nat",
    mode: "static",
    index: 1,
    path: "",
    place,
    privates,
    publics,
    options: {},
  };
  return staticMapping(expose);
}

/** "10.0.0.1" or "10.0.0.1:80"; IPv6 in brackets when with port. */
function endpoint(text: string): Endpoint {
  const [, v6, plain, port] = /^(?:\[(.*)\]|([^:]*|.*::.*?))(?::(\d+))?$/.exec(text) ?? [];
  const address = parseIpAddress(v6 ?? plain ?? "")!.value;
  return { address, port: port === undefined ? undefined : Number(port) };
}

function show(rules: readonly MappingRule[], text: string): string | undefined {
  const result = applyMapping(rules, endpoint(text));
  if (result === undefined) return undefined;
  const family = text.includes("::") ? 6 : 4;
  const address = formatIpAddress({ family, value: result.address });
  return result.port === undefined ? address : `${address}:${result.port}`;
}

const RESHAPED = {
  privates: normalise(
    entries("1.1.1.0/24:4001-5000 1.1.2.0/25:4001-5000 1.1.3.0/25:5001-5500"),
    entries("1.1.1.64/26:4001-5000 1.1.1.128/25:4501-5000"),
  ),
  publics: normalise(
    entries(
      "10.1.0.0/30:2001-2300 10.1.0.128/25:2001-3000 10.1.1.0/25:2501-3000 10.1.1.128/25:3001-4000 10.1.2.3/32:1-37200",
    ),
    entries("10.1.1.128/25:3456-3755"),
  ),
};

const LISTS: [
  string,
  readonly PrefixPorts[],
  readonly PrefixPorts[],
  [string, string | undefined][],
][] = [
  [
    "lists of different shapes pair in order",
    normalise(
      entries(
        "1.0.0.0/24 1.0.1.0/24 1.0.2.0/24 1.0.3.0/24 2.0.0.0/16 2.1.0.0/16 2.2.0.0/16 2.3.0.0/16",
      ),
    ),
    normalise(
      entries(
        "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 11.0.0.0/16 11.1.0.0/16 11.2.0.0/16 11.3.0.0/16 11.4.0.0/24",
      ),
    ),
    [
      ["1.0.3.0", "11.0.0.0"],
      ["2.0.0.0", "11.0.1.0"],
      ["2.0.255.255", "11.1.0.255"],
      ["2.3.255.255", "11.4.0.255"],
      ["2.4.0.0", undefined],
    ],
  ],
  [
    "exclusions on both sides shift what follows",
    normalise(entries("2.4.0.0/16"), entries("2.4.1.0/24")),
    normalise(entries("44.0.0.0/16"), entries("44.0.200.0/24")),
    [
      ["2.4.200.7", "44.0.199.7"],
      ["2.4.201.7", "44.0.201.7"],
      ["2.4.1.9", undefined],
      ["2.4.2.1:99", "44.0.1.1:99"],
    ],
  ],
  [
    "IPv6 prefixes pair like any other",
    entries("2001:db8:1::/64"),
    entries("2001:db8:ffff:1::/64"),
    [["2001:db8:1::1234:5678", "2001:db8:ffff:1::1234:5678"]],
  ],
  [
    "one host's ports become several hosts' ports",
    entries("10.0.0.5/32:1000-1999"),
    entries("20.0.0.0/30:3000-3249"),
    [
      ["10.0.0.5:1733", "20.0.0.2:3233"],
      ["10.0.0.5", undefined],
      ["10.0.0.5:999", undefined],
    ],
  ],
  [
    "lists with ports pair element by element",
    RESHAPED.privates,
    RESHAPED.publics,
    [
      ["1.1.1.0:4001", "10.1.0.0:2001"],
      ["1.1.3.127:5500", "10.1.2.3:37200"],
      ["1.1.2.0:4001", "10.1.0.254:2801"],
      ["1.1.1.0:4301", "10.1.0.1:2001"],
      ["1.1.1.0:5000", "10.1.0.3:2100"],
      ["1.1.1.1:4001", "10.1.0.3:2101"],
      ["1.1.3.0:5001", "10.1.1.146:3906"],
    ],
  ],
];

for (const [name, privates, publics, pairs] of LISTS) {
  test(name, () => {
    const { toPublic, toPrivate } = mapping(privates, publics);
    for (const [from, to] of pairs) {
      assert.equal(show(toPublic, from), to);
      if (to !== undefined) assert.equal(show(toPrivate, to), from);
    }
  });
}

/** The definition: element n of a list, walking it. */
function nth(list: readonly PrefixPorts[], n: bigint): Endpoint {
  let rest = n;
  for (const entry of list) {
    const size = sizeOf([entry]);
    if (rest < size) {
      const width = BigInt(portCount(entry.ports));
      const port = (entry.ports?.first ?? 0) + Number(rest % width);
      return { address: entry.prefix.network + rest / width, port };
    }
    rest -= size;
  }
  throw new Error("no such element");
}

const prefix = fc
  .tuple(fc.constantFrom("10.0.0.0/24", "2001:db8::/120"), fc.nat(255), fc.nat(5))
  .map(([base, host, spare]) => {
    const { family, network } = parsePrefix(base)!;
    return prefixOf({ family, value: network + BigInt(host) }, (family === 4 ? 32 : 128) - spare);
  });
const entry = fc
  .tuple(prefix, fc.option(fc.tuple(fc.nat(20), fc.nat(20))))
  .map(([each, ports]): PrefixPorts => {
    if (ports === null) return { prefix: each };
    return { prefix: each, ports: { first: 1 + Math.min(...ports), last: 1 + Math.max(...ports) } };
  });

/** The first `size` elements of a list, as a list. */
function cut(list: readonly PrefixPorts[], size: bigint): PrefixPorts[] {
  const result: PrefixPorts[] = [];
  let left = size;
  for (const each of list) {
    if (left <= 0n) break;
    const width = BigInt(portCount(each.ports));
    if (sizeOf([each]) <= left) result.push(each);
    else if (left >= width) {
      const length = each.prefix.family === 4 ? 32 : 128;
      for (let i = 0n; i < left / width; i++) {
        result.push({
          ...each,
          prefix: { ...each.prefix, network: each.prefix.network + i, length },
        });
      }
    }
    left -= sizeOf([each]);
  }
  return result;
}

for (const family of [4, 6] as const) {
  const list = fc
    .array(entry, { minLength: 1, maxLength: 6 })
    .map((all) => normalise(all.filter((each) => each.prefix.family === family)))
    .filter((all) => all.length > 0);
  property(
    `IPv${family}: the n-th private element is the n-th public one, there and back`,
    [list, list, fc.array(fc.nat(), { minLength: 5, maxLength: 20 })],
    (one, two, picks) => {
      const size = sizeOf(one) < sizeOf(two) ? sizeOf(one) : sizeOf(two);
      const [privates, publics] = [cut(one, size), cut(two, size)];
      fc.pre(sizeOf(privates) === sizeOf(publics) && privates.length > 0);
      const { toPublic, toPrivate } = mapping(privates, publics);
      const total = sizeOf(privates);
      for (const n of [0n, total - 1n, ...picks.map((pick) => BigInt(pick) % total)]) {
        const [inside, outside] = [nth(privates, n), nth(publics, n)];
        assert.deepEqual(applyMapping(toPublic, inside), outside);
        assert.deepEqual(applyMapping(toPrivate, outside), inside);
      }
    },
    { runs: 500 },
  );
}
