// Captures whose readers are slow: what there is waits for them, ten seconds.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ManualClock } from "../../src/base/clock.ts";
import { CaptureBlocks } from "../../src/cli/capture-blocks.ts";
import { Tap } from "../../src/live/capture/tap.ts";
import { runCli } from "../cli/fake-api.ts";
import { rawInterface } from "../support/gateway.ts";
import { Api } from "./api.ts";
import { DNS, packets, passThrough } from "./pass-through.ts";

let api: Api;
const pass = (iface: number, ...frames: Uint8Array[]) => passThrough(api, iface, ...frames);

beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

/** With a clock that the test moves, and what a UNIX socket serves. */
async function slowly() {
  const clock = new ManualClock();
  Object.assign(api, { tap: new Tap(api.gateway, clock) });
  const socket = path.join(api.folder, "api.sock");
  await api.app.listen({ path: socket });
  const blue = rawInterface(api.gateway, "blue");
  return {
    socket,
    pass: (text = DNS) => pass(blue, ...packets(text)),
    /** Nobody has fetched for long when the next packet comes. */
    stall: () => {
      clock.advance(10_001);
      pass(blue, ...packets(DNS));
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 200; tries++) await sleep(20);
  assert.ok(holds());
}

/** A capture of `seconds` that nobody reads, so that all that is between is full, and then for so
 * long that the gateway ends it. */
async function unread(seconds: number): Promise<IncomingMessage> {
  const { socket, pass, stall } = await slowly();
  const asked = get({ socketPath: socket, path: `/v1/capture?seconds=${seconds}`, agent: false });
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let fetched = 0;
  const { fetch } = api.tap;
  api.tap.fetch = (ticket) => {
    fetched++;
    return fetch.call(api.tap, ticket);
  };
  /** Nothing is asked for any more, as what there is waits for the reader. */
  for (let before = -1; before !== fetched; ) {
    before = fetched;
    for (let i = 0; i < 500; i++) pass(`${DNS} len=2000`);
    await sleep(300);
  }
  stall();
  assert.equal(api.tap.isOpen, false);
  return answer;
}

test("who does not read for long gets what there was, why it ends, and no good end", async () => {
  const answer = await unread(600);
  const blocks = new CaptureBlocks();
  let whole = 0;
  let came = 0;
  const read = async () => {
    for await (const chunk of answer) {
      came += chunk.length;
      whole += blocks.take(chunk).length;
    }
  };
  await assert.rejects(read(), { code: "ECONNRESET" });
  assert.equal(whole, came);
  assert.ok(blocks.packets > 100 && blocks.missed > 100);
  assert.match(blocks.cut!, /^the gateway has ended this capture .* nobody read it for 10 s$/);
});

test("likewise who reads again when the time of the capture is over, too", async () => {
  const answer = await unread(2);
  await sleep(4200);
  const blocks = new CaptureBlocks();
  const read = async () => {
    for await (const chunk of answer) blocks.take(chunk);
  };
  await assert.rejects(read(), { code: "ECONNRESET" });
  assert.match(blocks.cut!, /nobody read it for 10 s$/);
});

test("the command line says that a capture was cut, and keeps what it has", async () => {
  const { socket, pass, stall } = await slowly();
  const ran = runCli(["capture", "-o", "x.pcapng", "--api", socket]);
  await until(() => api.tap.isOpen);
  pass();
  await sleep(300);
  stall();
  const { err, code, files } = await ran;
  const why = "the gateway has ended this capture before its time, as nobody read it for 10 s";
  assert.deepEqual([err, code], [`isthmus: ${why}; 2 packets written, 0 packets missed\n`, 1]);
  assert.match(files.get("x.pcapng")!, /#1 out to green.*nobody read it for 10 s/s);
});
