// Captures that are whole but odd: nothing is lost, and what cannot be read is said.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, formatTime } from "../../src/cli/replay/describe.ts";
import { Replay } from "../../src/cli/replay/replay.ts";
import { LINK_ETHERNET, LINK_RAW } from "../../src/drivers/capture.ts";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf } from "../support/gateway.ts";

const CONFIG = `vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      green: { expose: [{ ips: [{ cidr: 20.0.0.0/24 }] }] }
`;
const LINUX_COOKED = 113;
const PACKET = buildPacket(parsePacket("udp 10.0.0.4:1000 > 20.0.0.8:2000"));

/** Replays what `write` writes, in chunks of `size` bytes. */
function replay(
  write: (writer: PcapngWriter) => void,
  options: { size?: number; map?: string } = {},
) {
  const chunks: Uint8Array[] = [];
  write(new PcapngWriter((bytes) => chunks.push(bytes)));
  const file = new Uint8Array(Buffer.concat(chunks));
  const lines: string[] = [];
  const map = new Map(options.map ? [[options.map, "blue"]] : []);
  const work = new Replay({ config: configOf(CONFIG), from: "blue", map }, (each) => {
    lines.push(`${each.number} ${describe(each)}`);
  });
  const size = options.size ?? file.length;
  for (let at = 0; at < file.length; at += size) work.push(file.slice(at, at + size));
  work.end();
  return { work, lines, counts: work.counts() };
}

test("any number of interfaces", () => {
  const { work, counts } = replay((writer) => {
    for (let i = 0; i < 70_000; i++) writer.interface(`eth${i}`, LINK_RAW);
    for (const iface of [0, 5_000, 69_999]) writer.packet({ iface, nanos: 1n, bytes: PACKET });
  });
  assert.equal(work.trouble, undefined);
  assert.deepEqual([counts.received, counts.sent], [3, 3]);
});

test("frames of a foreign link type are dropped for that, the others go on", () => {
  for (const size of [64, 1 << 20]) {
    const { work, lines, counts } = replay(
      (writer) => {
        writer.interface("good", LINK_RAW);
        writer.interface("any", LINUX_COOKED);
        for (const iface of [0, 1, 0, 1, 0]) writer.packet({ iface, nanos: 1n, bytes: PACKET });
      },
      { size },
    );
    assert.equal(work.trouble, undefined);
    assert.match(work.unreadable ?? "", /^packet 2, .* "any" has link type 113/);
    assert.deepEqual([counts.received, counts.sent], [5, 3]);
    assert.deepEqual([...counts.dropped], [["unknown-link-type", 2]]);
    assert.match(lines[1] ?? "", /dropped: unknown-link-type/);
  }
});

test("an interface of a foreign link type without frames is no trouble", () => {
  const { work } = replay((writer) => {
    writer.interface("any", LINUX_COOKED);
    writer.interface("good", LINK_RAW);
    writer.packet({ iface: 1, nanos: 1n, bytes: PACKET });
  });
  assert.equal(work.unreadable, undefined);
});

test("an interface to be mapped that never came is told", () => {
  const write = (writer: PcapngWriter) => writer.interface("eth0", LINK_ETHERNET);
  assert.deepEqual(replay(write, { map: "eth1" }).work.unknownInterfaces, ["eth1"]);
  assert.deepEqual(replay(write, { map: "eth0" }).work.unknownInterfaces, []);
});

test("an ICMP error that quotes an ICMP error is described and dropped", () => {
  const quoted = buildPacket(parsePacket("icmp 20.0.0.8 > 10.0.0.4 echo-request id=7"));
  quoted[20] = 3; // Now destination unreachable.
  const error = new Uint8Array(28 + quoted.length);
  error.set(buildPacket(parsePacket("icmp 10.0.0.4 > 20.0.0.8 echo-request id=0")).subarray(0, 28));
  error[20] = 3;
  error[3] = error.length;
  error.set(quoted, 28);
  const { lines, counts } = replay((writer) => {
    writer.interface("eth0", LINK_RAW);
    writer.packet({ iface: 0, nanos: 1n, bytes: error });
  });
  assert.equal(counts.sent, 0);
  assert.match(lines[0] ?? "", /^1 blue .*dropped: /);
});

test("times as text", () => {
  assert.equal(formatTime(0n), "1970-01-01T00:00:00.000000000Z");
  assert.equal(formatTime((1n << 64n) - 1n), "2554-07-21T23:34:33.709551615Z");
});
