import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { AddressNumbers } from "./address-numbers.ts";

const bytes = fc.constantFrom(0, 1, 127, 128, 255);
const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const near4 = fc.array(bytes, { minLength: 4, maxLength: 4 });
const near6 = fc.array(bytes, { minLength: 16, maxLength: 16 });
const address = fc.oneof(v4, near4, near6).map((all) => Uint8Array.from(all));
const network = fc.constantFrom(0, 17, (200 << 8) | 17, (0xffffff << 8) | 6);
const named = fc.array(fc.tuple(network, address), { maxLength: 30 });

property(
  "numbers are found by network and address, and by nothing else",
  [named, named],
  (a, b) => {
    const numbers = new AddressNumbers();
    const plain = new Map<string, number>();
    a.forEach(([network, address], number) => {
      numbers.name(network, new DataView(address.buffer), 0, address.length, number);
      plain.set(`${network} ${address}`, number);
    });
    for (const [network, address] of [...a, ...b]) {
      const found = numbers.find(network, new DataView(address.buffer), 0, address.length);
      assert.equal(found, plain.get(`${network} ${address}`) ?? -1);
    }
  },
);

test("an address is read where it lies", () => {
  const numbers = new AddressNumbers();
  const view = new DataView(Uint8Array.of(9, 9, 10, 0, 0, 1, 9).buffer);
  numbers.name(5, view, 2, 4, 77);
  assert.equal(numbers.find(5, view, 2, 4), 77);
  assert.equal(numbers.find(5, view, 1, 4), -1);
});
