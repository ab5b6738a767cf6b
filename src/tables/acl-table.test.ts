import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpAddress, writeIpAddress } from "../wire/ip-address.ts";
import { parsePrefix } from "../wire/prefix.ts";
import { BY_DEFAULT, buildAclTable, evaluateAcl } from "./acl-table.ts";

const TCP = 6;
const UDP = 17;

function side(text: string, first?: number, last = first) {
  const prefix = parsePrefix(text)!;
  return first === undefined ? { prefix } : { prefix, ports: { first, last: last! } };
}

function evaluate(table: Int32Array, from: string, to: string, protocol: number, ports = [-1, -1]) {
  const source = parseIpAddress(from)!;
  const bytes = new Uint8Array(32);
  writeIpAddress(bytes, 0, source);
  writeIpAddress(bytes, 16, parseIpAddress(to)!);
  const view = new DataView(bytes.buffer);
  const [sourcePort, destinationPort] = ports as [number, number];
  const count = table.length / 32;
  return evaluateAcl(
    table,
    0,
    count,
    source.family,
    view,
    0,
    16,
    protocol,
    sourcePort,
    destinationPort,
  );
}

test("the first rule that matches on all counts decides", () => {
  const table = buildAclTable([
    {
      source: side("10.0.0.0/25"),
      destination: side("20.0.0.0/24", 80),
      protocol: TCP,
      rule: 0,
    },
    { source: side("10.0.0.0/24"), destination: side("20.0.0.0/24"), protocol: -1, rule: 1 },
  ]);
  assert.equal(evaluate(table, "10.0.0.5", "20.0.0.9", TCP, [1000, 80]), 0);
  assert.equal(evaluate(table, "10.0.0.200", "20.0.0.9", TCP, [1000, 80]), 1);
  assert.equal(evaluate(table, "10.0.0.5", "20.0.0.9", TCP, [1000, 81]), 1);
  assert.equal(evaluate(table, "10.0.0.5", "20.0.0.9", UDP, [1000, 80]), 1);
  assert.equal(evaluate(table, "10.0.1.5", "20.0.0.9", UDP, [1000, 80]), BY_DEFAULT);
  assert.equal(evaluate(table, "10.0.0.5", "20.0.1.9", UDP, [1000, 80]), BY_DEFAULT);
});

test("a rule with ports does not match a packet without", () => {
  const table = buildAclTable([
    {
      source: side("10.0.0.0/8"),
      destination: side("0.0.0.0/0", 1, 65535),
      protocol: TCP,
      rule: 0,
    },
  ]);
  assert.equal(evaluate(table, "10.0.0.5", "20.0.0.9", TCP), BY_DEFAULT);
});

test("IPv6 prefixes of any length match by all their bits", () => {
  const table = buildAclTable([
    { source: side("2001:db8::/33"), destination: side("::/0"), protocol: -1, rule: 0 },
    { source: side("2001:db8:8000::1/128"), destination: side("::/0"), protocol: -1, rule: 1 },
  ]);
  assert.equal(evaluate(table, "2001:db8:7fff::1", "::1", TCP), 0);
  assert.equal(evaluate(table, "2001:db8:8000::1", "::1", TCP), 1);
  assert.equal(evaluate(table, "2001:db8:8000::2", "::1", TCP), BY_DEFAULT);
  assert.equal(evaluate(table, "32.1.13.184", "10.0.0.1", TCP), BY_DEFAULT);
});
