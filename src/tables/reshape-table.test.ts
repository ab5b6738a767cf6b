import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { type Family, parseIpAddress, writeIpAddress } from "../wire/ip-address.ts";
import {
  applyReshape,
  buildReshapeTable,
  RESULT_PORT,
  RESULT_WORDS,
  type ReshapeInit,
} from "./reshape-table.ts";

function apply(init: ReshapeInit, family: Family, address: bigint, port: number) {
  const size = family === 4 ? 4 : 16;
  const bytes = new Uint8Array(size);
  writeIpAddress(bytes, 0, { family, value: address });
  const result = new Int32Array(RESULT_WORDS);
  applyReshape(buildReshapeTable([init]), 0, bytes, 0, size, port, result);
  let value = 0n;
  for (let limb = 7; limb >= 0; limb--) value = (value << 16n) | BigInt(result[limb]!);
  return { address: value, port: result[RESULT_PORT]! };
}

/** The definition, in one line each. */
function oracle(init: ReshapeInit, address: bigint, port: number) {
  const { from, to, add } = init;
  const n = (address - from.address) * BigInt(from.portCount) + BigInt(port - from.port) + add;
  const ports = BigInt(to.portCount);
  return { address: to.address + n / ports, port: to.port + Number(n % ports) };
}

const address = (text: string) => parseIpAddress(text)!.value;

test("one host's thousand ports become four hosts with 250 each", () => {
  const init = {
    from: { address: address("10.0.0.5"), port: 1000, portCount: 1000 },
    to: { address: address("20.0.0.0"), port: 3000, portCount: 250 },
    add: 0n,
  };
  assert.deepEqual(apply(init, 4, address("10.0.0.5"), 1733), {
    address: address("20.0.0.2"),
    port: 3233,
  });
});

for (const [name, family, from, ports, add, to] of [
  [
    "1.1.1.1:4800",
    4,
    { address: address("1.1.1.1"), port: 4800 },
    [4000, 1000],
    6400n,
    { address: address("1.1.1.8"), port: 4200 },
  ],
  [
    "1.0.0.0:4200",
    4,
    { address: address("1.0.0.0"), port: 4200 },
    [4000, 1000],
    15_428n,
    { address: address("1.0.0.15"), port: 4628 },
  ],
  [
    "the first of all IPv6 pairs",
    6,
    { address: 0n, port: 0 },
    [0, 65536],
    2n ** 144n - 1n,
    { address: 2n ** 128n - 1n, port: 65535 },
  ],
] as const) {
  test(`${name} moved by ${add} elements`, () => {
    const [port, portCount] = ports;
    const block = { address: family === 4 ? from.address : 0n, port, portCount };
    assert.deepEqual(apply({ from: block, to: block, add }, family, from.address, from.port), to);
  });
}

const block = (bits: number) =>
  fc
    .record({
      address: fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
      port: fc.integer({ min: 0, max: 65535 }),
      portCount: fc.integer({ min: 1, max: 65536 }),
    })
    .map((each) => ({ ...each, portCount: Math.min(each.portCount, 65536 - each.port) }));

for (const family of [4, 6] as const) {
  const bits = family === 4 ? 30 : 126;
  property(
    `IPv${family} element arithmetic in limbs equals the definition`,
    [
      block(bits),
      block(bits),
      fc.bigInt({ min: 0n, max: 1n << BigInt(bits) }),
      fc.nat({ max: 65535 }),
      fc.bigInt({ min: -(1n << 40n), max: 1n << 40n }),
    ],
    (from, to, distance, portOffset, wanted) => {
      const at = from.address + distance;
      const port = from.port + (portOffset % from.portCount);
      const n = distance * BigInt(from.portCount) + BigInt(port - from.port);
      const init = { from, to, add: n + wanted < 0n ? -n : wanted };
      const expected = oracle(init, at, port);
      fc.pre(expected.address < 1n << (family === 4 ? 32n : 128n));
      assert.deepEqual(apply(init, family, at, port), expected);
    },
    { runs: 1000 },
  );
}
