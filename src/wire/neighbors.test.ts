import assert from "node:assert/strict";
import { test } from "node:test";
import { buildArp, describeArp, readArp } from "./arp.ts";
import { parseIpAddress } from "./ip-address.ts";
import { formatMac, isUnicastMac, parseMac } from "./mac.ts";
import {
  buildNeighborMessage,
  describeNeighborMessage,
  readNeighborMessage,
  SOLICITED,
} from "./neighbor-discovery.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const MAC = parseMac("02:00:00:00:00:0a")!;

/** 10.0.0.1 asks for 10.0.0.2. */
const REQUEST = "000108000604000102000000000a0a0000010000000000000a000002";

test("an ARP request is read, written and told", () => {
  const arp = readArp(bytesOf(REQUEST))!;
  assert.equal(arp.operation, "request");
  assert.equal(describeArp(arp), "arp who has 10.0.0.2, tell 10.0.0.1");
  assert.equal(hex(buildArp(arp)), REQUEST);
});

test("an ARP reply tells whose address it is", () => {
  const reply = { ...readArp(bytesOf(REQUEST))!, operation: "reply" } as const;
  assert.equal(describeArp(readArp(buildArp(reply))!), "arp 10.0.0.1 is at 02:00:00:00:00:0a");
});

for (const [name, change] of [
  ["cut short", (bytes: Uint8Array) => bytes.subarray(0, 27)],
  ["of another hardware", (bytes: Uint8Array) => bytes.fill(6, 1, 2)],
  ["of another protocol", (bytes: Uint8Array) => bytes.fill(9, 2, 3)],
  ["with addresses of another length", (bytes: Uint8Array) => bytes.fill(8, 4, 5)],
  ["with another operation", (bytes: Uint8Array) => bytes.fill(9, 7, 8)],
] as const) {
  test(`an ARP message ${name} is not read`, () => {
    assert.equal(readArp(change(bytesOf(REQUEST))), undefined);
  });
}

const target = parseIpAddress("2001:db8::2")!;

test("a neighbor solicitation is written, read and told", () => {
  const bytes = buildNeighborMessage("neighbor-solicitation", target, MAC);
  assert.equal(hex(bytes), "870000000000000020010db8000000000000000000000002010102000000000a");
  const message = readNeighborMessage(bytes)!;
  assert.deepEqual(message, { kind: "neighbor-solicitation", flags: 0, target, linkLayer: MAC });
  assert.equal(
    describeNeighborMessage(message),
    "neighbor-solicitation for 2001:db8::2, 02:00:00:00:00:0a",
  );
});

test("a neighbor advertisement carries its flags", () => {
  const bytes = buildNeighborMessage("neighbor-advertisement", target, MAC, SOLICITED);
  assert.equal(readNeighborMessage(bytes)?.flags, SOLICITED);
});

test("messages about routers have no target", () => {
  const advertisement = bytesOf("860000004000070800000000000000000101020000000001");
  const message = readNeighborMessage(advertisement)!;
  assert.equal(describeNeighborMessage(message), "router-advertisement, 02:00:00:00:00:01");
  assert.equal(readNeighborMessage(bytesOf("8500000000000000"))?.kind, "router-solicitation");
});

test("an option of length zero, or longer than the message, makes it invalid", () => {
  const bytes = buildNeighborMessage("neighbor-solicitation", target, MAC);
  assert.equal(readNeighborMessage(bytes.slice().fill(0, 25, 26)), undefined);
  assert.equal(readNeighborMessage(bytes.slice().fill(2, 25, 26)), undefined);
  assert.equal(readNeighborMessage(bytes.subarray(0, 20)), undefined);
  assert.equal(readNeighborMessage(bytesOf("8000000000000000")), undefined);
});

test("MAC addresses", () => {
  assert.equal(formatMac(MAC), "02:00:00:00:00:0a");
  assert.equal(parseMac("02:00:00:00:00"), undefined);
  assert.equal(parseMac("02:00:00:00:00:0g"), undefined);
  assert.ok(isUnicastMac(MAC));
  assert.ok(!isUnicastMac(parseMac("01:00:5e:00:00:01")!));
  assert.ok(!isUnicastMac(new Uint8Array(6)));
});
