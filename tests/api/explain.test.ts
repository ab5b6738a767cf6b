// Packets one after the other, by the API: each is told, or none, and nothing of them stays.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { pass, rawInterface } from "../support/gateway.ts";
import { Api } from "./api.ts";

let api: Api;

beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

async function ask(url: string, body?: object, wanted = 200) {
  const { status, reply } = await api.request(url, body);
  assert.equal(status, wanted, JSON.stringify(reply));
  return reply;
}

test("what would become of packets one after the other is told, and nothing of it stays", async () => {
  const blue = rawInterface(api.gateway, "blue");
  const known = buildPacket(parsePacket("udp 10.0.0.1:2000 > 10.1.0.1:53"));
  pass(api.gateway, blue, known);
  const packet = "udp 10.0.0.9:7 > 10.1.0.1:53";
  const before = await ask("/v1/stats");
  const only = await ask("/v1/explain", { from: "blue", packet });
  assert.ok(!("then" in only));
  // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
  const behind = { then: ["reply", "blue: udp 10.0.0.1:2000 > 10.1.0.1:53", `blue: ${packet}`] };
  const { then, ...first } = await ask("/v1/explain", { from: "blue", packet, ...behind });
  assert.deepEqual([first.flow.made, first.to, then.length], [true, "green", 3]);
  const said = then.map((each: typeof first) => [each.verdict, each.to, each.flow.made]);
  assert.deepEqual(said, [
    ["sent", "blue", false],
    ["sent", "green", false],
    ["sent", "green", false],
  ]);
  const { uptimeSeconds: _, ...after } = await ask("/v1/stats");
  assert.deepEqual({ ...after, uptimeSeconds: before.uptimeSeconds }, before);
  assert.equal((await ask("/v1/flows")).items.length, 1);
});

const UDP = { from: "blue", packet: "udp 10.0.0.9:7 > 10.1.0.1:53" };
const LOST = "udp 10.0.0.9:7 > 10.1.0.1:54";

for (const [what, behind, why] of [
  ["too many", new Array(8).fill("reply"), /then: there may be 8 packets in all/],
  ["time", ["wait 5m"], /A gateway that runs has its own time: "wait 5m"/],
  ["no notation", ["reply", "udp nowhere"], /^The packet cannot be read: /],
  [
    "too much",
    ["reply", `blue: ${UDP.packet} len=40000`, `blue: ${UDP.packet} len=40000`],
    /^The packets have 80028 bytes; all may have 65575 together\.$/,
  ],
  ["no VPC", ["red: reply"], /There is no VPC "red"; there are blue, green\.$/],
  ["a fragment", ["reply", `${LOST} mf len=44`, "reply"], /^Packet 3: This cannot be told: a frag/],
  [
    "nowhere",
    ["reply", `blue: ${LOST}`, "reply"],
    /^Packet 4: Nothing came out of the last packet/,
  ],
  ["of no VPC", [`blue: ${LOST}`, UDP.packet], /^Packet 3: The last packet went nowhere/],
] as const) {
  test(`${what} behind a packet is not explained, and nothing of it stays`, async () => {
    const before = await ask("/v1/stats");
    // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
    assert.match((await ask("/v1/explain", { ...UDP, then: behind }, 400)).detail, why);
    const { uptimeSeconds: _, ...after } = await ask("/v1/stats");
    assert.deepEqual({ ...after, uptimeSeconds: before.uptimeSeconds }, before);
    assert.equal((await ask("/v1/flows")).items.length, 0);
  });
}

test("the longest packet there is comes through, byte by byte", async () => {
  const bytes = buildPacket(parsePacket(`${UDP.packet} len=65535`));
  const packet = `hex ${Buffer.from(bytes).toString("hex")}`;
  const { detail } = await ask("/v1/explain", { from: "blue", packet }, 400);
  assert.equal(detail, "This cannot be told: the packet is longer than a packet slot.");
});
