import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { bits, type Family, type IpAddress, writeIpAddress } from "../wire/ip-address.ts";
import { containsAddress, type Prefix, parsePrefix, prefixOf } from "../wire/prefix.ts";
import { EMPTY_ROOT, lookup, TrieBuilder } from "./prefix-table.ts";

/** Addresses near each other, so that prefixes nest and collide. */
function addressOf(family: Family): fc.Arbitrary<IpAddress> {
  const low = fc.bigInt({ min: 0n, max: 0x3ffffn });
  const high = fc.constantFrom(0n, 10n, 0xfdn, 0xffn);
  return fc
    .tuple(high, low)
    .map(([top, rest]) => ({ family, value: (top << BigInt(bits(family) - 8)) | rest }));
}

function prefixOfFamily(family: Family): fc.Arbitrary<Prefix> {
  return fc
    .tuple(addressOf(family), fc.integer({ min: 0, max: bits(family) }))
    .map(([address, length]) => prefixOf(address, length));
}

function bytesOf(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(bits(address.family) / 8);
  writeIpAddress(bytes, 0, address);
  return bytes;
}

for (const family of [4, 6] as const) {
  property(
    `IPv${family} lookup finds the longest prefix that covers the address`,
    [
      fc.array(prefixOfFamily(family), { maxLength: 40 }),
      fc.array(addressOf(family), { minLength: 1, maxLength: 40 }),
    ],
    (prefixes, addresses) => {
      const builder = new TrieBuilder();
      const root = builder.add(
        prefixes.map((prefix, index) => ({ prefix, value: () => index + 1 })),
      );
      const cells = builder.finish();
      for (const address of addresses) {
        let best = 0;
        for (const [index, prefix] of prefixes.entries()) {
          const longer = best === 0 || prefix.length >= prefixes[best - 1]!.length;
          if (longer && containsAddress(prefix, address)) best = index + 1;
        }
        assert.equal(lookup(cells, root, bytesOf(address), 0), best);
      }
    },
  );
}

test("each prefix is told what covered it before, once", () => {
  const told: string[] = [];
  const entry = (text: string, value: number) => ({
    prefix: parsePrefix(text)!,
    value: (covered: number) => {
      told.push(`${text} over ${covered}`);
      return value;
    },
  });
  const builder = new TrieBuilder();
  builder.add([
    entry("10.1.2.0/23", 3),
    entry("0.0.0.0/0", 1),
    entry("10.0.0.0/8", 2),
    entry("10.1.2.0/23", 4),
  ]);
  assert.deepEqual(told, [
    "0.0.0.0/0 over 0",
    "10.0.0.0/8 over 1",
    "10.1.2.0/23 over 2",
    "10.1.2.0/23 over 3",
  ]);
});

test("an empty trie covers nothing, and tries in one builder do not mix", () => {
  const builder = new TrieBuilder();
  const one = builder.add([{ prefix: parsePrefix("10.0.0.0/8")!, value: () => 7 }]);
  const other = builder.add([{ prefix: parsePrefix("11.0.0.0/8")!, value: () => 8 }]);
  const none = builder.add([]);
  const cells = builder.finish();
  const ten = Uint8Array.of(10, 0, 0, 1);
  assert.equal(none, EMPTY_ROOT);
  assert.deepEqual(
    [one, other, none].map((root) => lookup(cells, root, ten, 0)),
    [7, 0, 0],
  );
});

test("a builder serves one configuration after the other, and leaves the last one alone", () => {
  const builder = new TrieBuilder();
  const address = Uint8Array.of(10, 1, 2, 3);
  const build = (name: number) => {
    const prefixes = Array.from({ length: 100 * name }, (_, i) => `10.${i & 255}.2.0/24`);
    const entries = ["10.1.2.3/32", ...prefixes].map((text, index) => ({
      prefix: parsePrefix(text)!,
      value: () => 1000 * name + index,
    }));
    const root = builder.add(entries);
    return { cells: builder.finish(), root, value: 1000 * name };
  };
  let before = build(1);
  for (let name = 2; name <= 5; name++) {
    const now = build(name);
    for (const { cells, root, value } of [before, now]) {
      assert.equal(lookup(cells, root, address, 0), value);
    }
    before = now;
  }
});
