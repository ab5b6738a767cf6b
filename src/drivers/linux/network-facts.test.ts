import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import { formatPrefix } from "../../wire/prefix.ts";
import { readAttributes, readMessages, writeMessage } from "./netlink-bytes.ts";
import { type Change, type Fact, type NextHop, parseChange } from "./network-facts.ts";

/** Messages as a kernel sent them, each behind a line that says what it is about. */
const recorded = readFileSync(new URL("recorded-netlink.txt", import.meta.url), "utf8");
const pairs = [...recorded.matchAll(/^(\w.* .*)\n([\da-f]+)$/gm)].map(
  ([, says = "", hex = ""]) => ({
    says,
    bytes: Uint8Array.from(Buffer.from(hex, "hex")),
  }),
);

function describe({ fact, gone }: Change): string {
  return `${gone ? "gone" : "new"} ${fact.kind} ${describeFact(fact)}`;
}

function describeFact(fact: Fact): string {
  const mac = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex") || "-";
  switch (fact.kind) {
    case "link":
      return `${fact.index} ${fact.name} ${fact.mtu} ${mac(fact.mac)} ${fact.up} ${fact.running}`;
    case "address":
      return `${fact.link} ${formatIpAddress(fact.address)}/${fact.prefixLength}`;
    case "neighbor":
      return `${fact.link} ${formatIpAddress(fact.address)} ${mac(fact.mac)} ${fact.state}`;
    case "route": {
      const { destination, type, table, metric, hops } = fact;
      const to = hops.map(describeHop).join(", ");
      return `${formatPrefix(destination)} ${type} ${table} ${metric} [${to}]`;
    }
  }
}

function describeHop({ link, gateway, weight, dead }: NextHop): string {
  const via = gateway === undefined ? "-" : formatIpAddress(gateway);
  return `${link} ${via} ${weight}${dead ? " dead" : ""}`;
}

test("what a kernel said is understood", () => {
  assert.ok(pairs.length >= 24);
  for (const { says, bytes } of pairs) {
    const [message, ...more] = readMessages(bytes);
    assert.deepEqual(more, []);
    const change = parseChange(message!);
    assert.equal(change === undefined ? "" : describe(change), says);
  }
});

test("several messages in one go are understood one by one", () => {
  const all = Buffer.concat(pairs.map(({ bytes }) => bytes));
  assert.equal(readMessages(all).length, pairs.length);
  // The last one is cut.
  assert.equal(readMessages(all.subarray(0, -1)).length, pairs.length - 1);
});

test("what is written is read again", () => {
  const attributes = [
    [1, Uint8Array.of(1, 2, 3, 4, 5)],
    [2, Uint8Array.of(7)],
  ] as const;
  const bytes = writeMessage(28, 5, 99, new Uint8Array(12), attributes);
  const [message] = readMessages(bytes);
  assert.deepEqual([message?.type, message?.flags, message?.sequence], [28, 5, 99]);
  const read = readAttributes(message!.body, 12);
  assert.deepEqual(
    [...read].map(([type, value]) => [type, [...value]]),
    [
      [1, [1, 2, 3, 4, 5]],
      [2, [7]],
    ],
  );
});

property(
  "damaged messages are read without an exception",
  [
    fc.nat({ max: pairs.length - 1 }),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 8 }),
    fc.nat(),
  ],
  (which, changes, cut) => {
    const bytes = pairs[which]!.bytes.slice();
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    for (const message of readMessages(bytes.subarray(0, bytes.length - (cut % 9)))) {
      parseChange(message);
    }
  },
  { runs: 2000 },
);
