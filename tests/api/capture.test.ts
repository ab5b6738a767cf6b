// Packets captured while they pass: which ones, before and after, and what is said of them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import path from "node:path";
import type { Readable } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ManualClock } from "../../src/base/clock.ts";
import { CaptureBlocks } from "../../src/cli/capture-blocks.ts";
import { perform } from "../../src/live/api/perform.ts";
import { describeCame, describeLeft } from "../../src/live/capture/capture-file.ts";
import type { CaptureFilter } from "../../src/live/capture/capture-filter.ts";
import { type Fetched, Tap, type Tapped } from "../../src/live/capture/tap.ts";
import { capture } from "../../src/live/routes/capture.ts";
import { describePacket } from "../../src/wire/notation.ts";
import { cut } from "../support/fragments.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { ethernetInterface, gatewayOf, rawInterface } from "../support/gateway.ts";
import { Api, CONFIG } from "./api.ts";
import { DNS, packets, passThrough } from "./pass-through.ts";

let api: Api;
const pass = (iface: number, ...frames: Uint8Array[]) => passThrough(api, iface, ...frames);

beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

function captured(filter: CaptureFilter, ...texts: string[]): readonly Tapped[] {
  api.tap.open(filter, 1000);
  pass(rawInterface(api.gateway, "blue"), ...packets(...texts));
  const { packets: taken, missed } = fetchAll();
  assert.equal(missed, 0);
  api.tap.close(FIRST);
  return taken;
}

/** The ticket of whoever opens a tap first. */
const FIRST = 1;

/** All that waits, as the API fetches it. */
function fetchAll(): Omit<Fetched, "more"> {
  const { tap } = api;
  const packets: Tapped[] = [];
  for (;;) {
    const { more, ...fetched } = tap.fetch(FIRST);
    assert.ok(fetched.packets.length <= 16, "packets wait no longer than that");
    packets.push(...fetched.packets);
    if (!more) return { ...fetched, packets };
    assert.equal(fetched.isOver, false);
  }
}

test("a packet is kept as it came and as it left", () => {
  const [tapped, ...more] = captured({}, DNS);
  assert.deepEqual(more, []);
  assert.equal(describePacket(tapped!.came!), DNS);
  assert.deepEqual(
    tapped!.left.map((each) => describePacket(each)),
    ["udp 192.0.2.1:2000 > 10.1.0.1:53"],
  );
  assert.equal(describeCame(tapped!), "#1 in from blue");
  assert.match(
    describeLeft(tapped!),
    /^#1 out to green, peering p, expose 1 of blue \(.+:1:\d+\), expose 1 of green \(.+:1:\d+\)$/,
  );
});

test("one that is dropped says why, and one in a tunnel is kept without it", () => {
  const wire = ethernetInterface(api.gateway, { name: "wire" });
  api.tap.open({ dropped: true }, 10);
  const [closed, open] = packets("udp 10.0.0.1:2000 > 10.1.0.1:54", DNS);
  pass(wire, vxlanFrame(101, ethernetFrame(closed!)), vxlanFrame(101, ethernetFrame(open!)));
  const { packets: taken } = api.tap.fetch(FIRST);
  const [tapped] = taken;
  assert.equal(describePacket(tapped!.came!), "udp 10.0.0.1:2000 > 10.1.0.1:54");
  assert.deepEqual(tapped!.left, []);
  assert.match(describeCame(tapped!), /^#1 in from blue, dropped: [\w-]+\. \w.*\.$/);
});

test("what is no packet is kept as a frame", () => {
  const wire = ethernetInterface(api.gateway, { name: "wire" });
  api.tap.open({}, 10);
  pass(wire, Uint8Array.of(1, 2, 3));
  const [tapped] = api.tap.fetch(FIRST).packets;
  assert.deepEqual(
    [tapped!.isFrame, tapped!.interface, tapped!.came],
    [true, "wire", Uint8Array.of(1, 2, 3)],
  );
});

for (const [filter, expected] of [
  [{ port: 53 }, [1, 2]],
  [{ port: 2000 }, [1, 3]],
  [{ address: "192.0.2.1" }, [1, 2]],
  [{ address: "192.0.2.0/31" }, [1, 2]],
  [{ address: "10.0.0.3" }, [3]],
  [{ address: "10.1.0.0/16", port: 2000 }, [1, 3]],
  [{ address: "2001:db8::/32" }, []],
  [{ protocol: "tcp" }, []],
  [{ protocol: "udp", vpc: "green" }, [1, 2]],
  [{ vpc: "red" }, []],
  [{ dropped: true }, [3]],
] as const) {
  test(`${JSON.stringify(filter)} means packets ${expected}`, () => {
    const all = ["udp 10.0.0.1:2000 > 10.1.0.1:53", "udp 10.0.0.2:3000 > 10.1.0.2:53"];
    const taken = captured(filter, ...all, "udp 10.0.0.3:2000 > 10.1.0.1:54");
    const numbers = taken.map(({ came }) => Number(describePacket(came!)[11]));
    assert.deepEqual(numbers, expected);
  });
}

test("what is no address is refused", () => {
  assert.throws(() => api.tap.open({ address: "10.0.0" }, 1), /no address or prefix/);
  assert.equal(api.tap.isOpen, false);
});

test("what is too much is counted, and nobody waits", () => {
  const blue = rawInterface(api.gateway, "blue");
  api.tap.open({}, 100);
  const many = packets(
    ...Array.from({ length: 100 }, (_, i) => `udp 10.0.0.1:${i + 1} > 10.1.0.1:53`),
  );
  pass(blue, ...many);
  const first = fetchAll();
  assert.deepEqual([first.packets.length, first.missed, first.isOver], [64, 36, false]);
  pass(blue, ...many);
  const second = fetchAll();
  assert.deepEqual([second.packets.length, second.isOver], [36, true]);
  pass(blue, ...many);
  assert.equal(api.tap.fetch(FIRST).packets.length, 0);
});

test("somebody taken for gone neither gets nor ends what another captures", () => {
  const { gateway } = api;
  const clock = new ManualClock();
  const tap = new Tap(gateway, clock);
  const blue = rawInterface(gateway, "blue");
  const passOne = () => {
    gateway.receive(blue, packets(DNS)[0]!);
    tap.before();
    tap.after(gateway.run(0));
  };
  const slow = tap.open({}, 10);
  clock.advance(10_001);
  passOne();
  assert.equal(tap.isOpen, false);
  assert.equal(tap.fetch(slow).isOver, true);
  const other = tap.open({}, 10);
  passOne();
  const cut = { packets: [], more: false, missed: 0, isOver: true, isCut: true };
  assert.deepEqual(tap.fetch(slow), cut);
  tap.close(slow);
  assert.equal(tap.fetch(other).packets.length, 1);
  assert.equal(tap.isOpen, true);
});

test("of a super-frame the beginning is kept, before and after, and how long it was", () => {
  const gateway = gatewayOf(CONFIG, 65_728);
  const tap = new Tap(gateway);
  tap.open({}, 10);
  gateway.receive(rawInterface(gateway, "blue"), packets(`${DNS} len=40000`)[0]!);
  tap.before();
  tap.after(gateway.run(0));
  const [tapped] = tap.fetch(FIRST).packets;
  const { came, cameLength, left, leftLengths } = tapped!;
  assert.deepEqual([came!.length, cameLength], [2048, 40_000]);
  assert.deepEqual([left.map(({ length }) => length), leftLengths], [[2048], [40_000]]);
});

/** Of each packet captured: verdict, and who sent it. */
function fragmentsCaptured(filter: CaptureFilter): string[] {
  const datagrams = [
    "udp 10.0.0.1:2000 > 10.1.0.1:53 len=84",
    "udp 10.0.0.2:3000 > 10.1.0.1:53 len=84",
  ];
  const blue = rawInterface(api.gateway, "blue");
  api.tap.open(filter, 100);
  const cuts = packets(...datagrams).map((each, i) => cut(each, [32], i));
  for (const [first, second] of cuts) {
    // The payload of the second says 53, where a first one has ports.
    second!.set([0, 53], 20);
    pass(blue, second!);
    pass(blue, first!);
  }
  return api.tap.fetch(FIRST).packets.map(({ verdict, came, left }) => {
    const host = (came ?? left[0])![15];
    return `${verdict} ${came ? "from" : "as"} ${host}`;
  });
}

for (const [filter, expected] of [
  [
    {},
    ["waiting from 1", "sent from 1", "sent as 1", "waiting from 2", "sent from 2", "sent as 1"],
  ],
  [{ address: "10.0.0.2" }, ["waiting from 2", "sent from 2", "sent as 1"]],
  [{ vpc: "red" }, []],
  [{ protocol: "tcp" }, []],
  [{ port: 3000 }, ["sent from 2", "sent as 1"]],
  [{ dropped: true }, []],
] as const) {
  test(`of fragments that have waited ${JSON.stringify(filter)} means some`, () => {
    assert.deepEqual(fragmentsCaptured(filter), expected);
  });
}

test("by the API it is a file that ends when enough have come", async () => {
  const answer = api.app.inject("/v1/capture?vpc=blue&count=2&seconds=5");
  while (!api.tap.isOpen) await new Promise((resolve) => setTimeout(resolve, 5));
  const { status } = await api.request("/v1/capture");
  assert.equal(status, 409);
  pass(rawInterface(api.gateway, "blue"), ...packets(DNS, "udp 10.0.0.1:2000 > 10.1.0.1:54", DNS));
  const { statusCode, headers, rawPayload } = await answer;
  assert.deepEqual([statusCode, headers["content-type"]], [200, "application/x-pcapng"]);
  const blocks = new CaptureBlocks();
  // In pieces, as networks hand them over.
  let whole = 0;
  for (let at = 0; at < rawPayload.length; at += 7) {
    whole += blocks.take(rawPayload.subarray(at, at + 7)).length;
  }
  assert.deepEqual([whole, blocks.packets, blocks.missed], [rawPayload.length, 3, 0]);
  assert.equal(api.tap.isOpen, false);
});

test("by the API it ends when its reader goes, also while nothing comes", async () => {
  const socket = path.join(api.folder, "api.sock");
  await api.app.listen({ path: socket });
  const client = connect({ path: socket });
  client.write("GET /v1/capture?seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(client, "data");
  assert.equal(api.tap.isOpen, true);
  client.destroy();
  for (let tries = 0; api.tap.isOpen && tries < 100; tries++) await sleep(50);
  assert.equal(api.tap.isOpen, false);
});

test("by the API it ends when time is over", async () => {
  const { statusCode } = await api.app.inject("/v1/capture?seconds=1");
  assert.deepEqual([statusCode, api.tap.isOpen], [200, false]);
});

test("whoever goes away before the first byte leaves the place to others", async () => {
  const query = { vpc: "blue" };
  const stream = await perform(capture, api, { query, body: undefined, mediaType: undefined });
  assert.equal(api.tap.isOpen, true);
  (stream as Readable).destroy();
  await new Promise(setImmediate);
  assert.equal(api.tap.isOpen, false);
});
