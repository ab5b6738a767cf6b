import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { formatIpAddress, parseIpAddress, readIpAddress, writeIpAddress } from "./ip-address.ts";
import {
  addressCount,
  containsAddress,
  formatPrefix,
  lastAddress,
  parsePrefix,
  prefixesOfRange,
} from "./prefix.ts";

for (const [text, canonical] of [
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["1::", "1::"],
  ["::ffff:192.0.2.1", "::ffff:c000:201"],
] as const) {
  test(`${text} is written ${canonical} (RFC 5952)`, () => {
    assert.equal(formatIpAddress(parseIpAddress(text)!), canonical);
  });
}

for (const text of [
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.+4",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::8:9",
  "12345::",
  "::1.2.3",
  "1.2.3.4::",
  "",
]) {
  test(`"${text}" is no address`, () => assert.equal(parseIpAddress(text), undefined));
}

for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "/8"]) {
  test(`"${text}" is no prefix`, () => assert.equal(parsePrefix(text), undefined));
}

test("host bits of a prefix are cleared", () => {
  assert.equal(formatPrefix(parsePrefix("10.0.1.5/24")!), "10.0.1.0/24");
});

const v6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

property("an address survives text and bytes", [v6], (value) => {
  const address = { family: 6, value } as const;
  assert.deepEqual(parseIpAddress(formatIpAddress(address)), address);
  const bytes = new Uint8Array(20);
  writeIpAddress(bytes, 3, address);
  assert.deepEqual(readIpAddress(bytes, 3, 6), address);
});

property(
  "a range is covered exactly, by prefixes that follow each other",
  [fc.nat({ max: 0xffff }), fc.nat({ max: 0xffff })],
  (a, b) => {
    const [first, last] = [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))];
    const prefixes = prefixesOfRange(4, first, last);
    let next = first;
    for (const prefix of prefixes) {
      assert.equal(prefix.network, next);
      assert.ok(containsAddress(prefix, { family: 4, value: next }));
      next = lastAddress(prefix) + 1n;
    }
    assert.equal(next, last + 1n);
    assert.ok(prefixes.length <= 32);
    const total = prefixes.reduce((sum, prefix) => sum + addressCount(prefix), 0n);
    assert.equal(total, last - first + 1n);
  },
);
