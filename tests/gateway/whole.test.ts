// Super-frames through all steps: what is compared with an MTU is the longest segment; too long
// ones are answered once; translated, and finished afterwards, they are right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { receiveFrames } from "../../src/drivers/contract.ts";
import { finishing } from "../../src/drivers/linux/finishing.ts";
import { buildMemoryWire } from "../../src/drivers/memory.ts";
import { Batch } from "../../src/packet/batch.ts";
import { BATCH_MAX } from "../../src/packet/limits.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { DROP, SENT } from "../../src/packet/verdict.ts";
import { describePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { unfinished } from "../live/unfinished.ts";
import { makeDataPath } from "../support/data-path.ts";
import { wholeRow } from "../support/whole-row.ts";

const MTU = 1400;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const TUNNEL = {
  outerSourceMac: MAC,
  outerDestinationMac: MAC,
  vtep: 0x0a000001,
  remoteVtep: 0x0a000002,
  vni: 200,
  innerSourceMac: MAC,
  innerDestinationMac: MAC,
};
const CONFIG = {
  vpcs: { a: { vni: 100 }, b: { vni: 200 } },
  peerings: {
    p: {
      peering: {
        a: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "30.0.0.1/32" }],
              nat: { masquerade: {} },
            },
            {
              ips: [{ cidr: "10.1.0.0/24" }],
              as: [{ cidr: "31.0.0.0/24" }],
              nat: { static: {} },
            },
            {
              ips: [{ cidr: "2001:db8:1::/64" }],
              as: [{ cidr: "2001:db8:a::1/128" }],
              nat: { masquerade: {} },
            },
            {
              ips: [{ cidr: "2001:db8:2::/64" }],
              as: [{ cidr: "2001:db8:b::/64" }],
              nat: { static: {} },
            },
          ],
        },
        b: { expose: [{ ips: [{ cidr: "20.0.0.0/24" }] }, { ips: [{ cidr: "2001:db8:9::/64" }] }] },
      },
    },
  },
  isthmus: { vpcs: { a: { addresses: ["10.0.0.254", "2001:db8:1::fe"] }, b: { mtu: MTU } } },
};
const IN_TUNNEL = { ...CONFIG, isthmus: {} };

/** By how the sender is translated: where it is, where the others are, and IP and TCP headers. */
const WAYS = [
  { name: "masquerade, IPv4", from: "10.0.0.4", to: "20.0.0.8", headers: 40 },
  { name: "static, IPv4", from: "10.1.0.4", to: "20.0.0.8", headers: 40 },
  { name: "masquerade, IPv6", from: "[2001:db8:1::4]", to: "[2001:db8:9::8]", headers: 60 },
  { name: "static, IPv6", from: "[2001:db8:2::4]", to: "[2001:db8:9::8]", headers: 60 },
];

type DataPath = ReturnType<typeof makeDataPath>;

/** One row through the steps, and its answers, which stay. */
function run({ pool, pipeline, answer }: DataPath, row: number) {
  const batch = new Batch();
  const answers = new Batch();
  batch.push(row);
  pipeline.process(batch, 1000);
  answer(batch, answers, new Int32Array(BATCH_MAX), 1000);
  return { verdict: pool.verdict[row]!, answers };
}

function packetOf(pool: PacketPool, row: number): Uint8Array {
  return pool.bytes.subarray(pool.l3[row]!, pool.start[row]! + pool.length[row]!);
}

/** The data path, with an open connection. */
function connected(from: string, to: string, path: DataPath): DataPath {
  const { pool } = path;
  const send = (text: string, iface: number) => {
    const row = wholeRow(pool, unfinished(withDf(text), 0, 0), iface);
    assert.equal(run(path, row).verdict, SENT);
    return describePacket(packetOf(pool, row)).split(" ");
  };
  const [, source, , destination] = send(`tcp ${from}:3000 > ${to}:80 syn`, 0);
  send(`tcp ${destination} > ${source} syn,ack`, 1);
  send(`tcp ${from}:3000 > ${to}:80 ack`, 0);
  return path;
}

function withDf(text: string): string {
  return text.includes("[") ? text : `${text} df`;
}

for (const { name, from, to, headers } of WAYS) {
  for (const [kind, flags] of [
    ["on the fast path", "ack"],
    ["by all steps", "ack,fin"],
  ]) {
    test(`segments, not frames, have to fit: ${name}, ${kind}`, () => {
      const path = connected(from, to, makeDataPath(CONFIG));
      const { pool, pipeline } = path;
      const text = withDf(`tcp ${from}:3000 > ${to}:80 ${flags}`);
      const fits = wholeRow(pool, unfinished(text, 9000, MTU - headers));
      const before = pipeline.shortened;
      assert.equal(run(path, fits).verdict, SENT);
      assert.equal(pipeline.shortened - before, flags === "ack" ? 1 : 0);
      const large = wholeRow(pool, unfinished(text, 9000, MTU - headers + 1));
      const { verdict, answers } = run(path, large);
      assert.equal(verdict, DROP["too-big"].code);
      assert.equal(answers.count, 1, "one answer for all segments");
      const packet = packetOf(pool, answers.rows[0]!);
      assert.match(describePacket(packet), /(frag-needed|packet-too-big).* mtu=1400/);
      assert.equal(pool.offload[answers.rows[0]!], 0, "the answer itself is whole");
      assert.deepEqual(verifyChecksums(packet), []);
    });
  }

  test(`translated, then finished, every segment is right: ${name}`, () => {
    const longest = 65_535 - headers;
    const frames = [
      { flags: "ack,psh", payload: longest, segment: 1300 },
      { flags: "ack", payload: 1000, segment: 0 },
      { flags: "ack", payload: 0, segment: 0 },
      { flags: "ack,fin", payload: longest, segment: 1300 },
    ].map(({ flags, payload, segment }) => {
      const text = withDf(`tcp ${from}:3000 > ${to}:80 ${flags}`);
      return { payload, segment, sent: unfinished(text, payload, segment) };
    });
    for (const tunnel of [undefined, TUNNEL]) {
      const adjacency = (vpc: string) => (vpc === "b" ? tunnel : undefined);
      const config = tunnel === undefined ? CONFIG : IN_TUNNEL;
      const path = connected(from, to, makeDataPath(config, adjacency));
      const { pool } = path;
      for (const { payload, segment, sent } of frames) {
        const row = wholeRow(pool, sent);
        assert.equal(run(path, row).verdict, SENT);
        const [near, far] = buildMemoryWire();
        const count = segment === 0 ? 1 : Math.ceil(payload / segment);
        assert.equal(finishing(near).transmit(pool, Int32Array.of(row), 1), count);
        let total = 0;
        for (const frame of receiveFrames(far, new PacketPool(), count)) {
          if (tunnel !== undefined) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
          const packet = frame.subarray(tunnel === undefined ? 14 : 64);
          assert.deepEqual(verifyChecksums(packet), []);
          total += packet.length - headers;
          assert.ok(!describePacket(packet).startsWith(`tcp ${from}`), "translated");
        }
        assert.equal(total, payload);
        pool.release(row);
      }
    }
  });
}
