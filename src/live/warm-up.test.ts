import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/random.ts";
import { loadConfig } from "../config/load.ts";
import { Gateway } from "../gateway/gateway.ts";
import { natModes } from "../nat/modes.ts";
import { warmUp } from "./warm-up.ts";

test("after warming up a gateway is as new, but for having sent a hundred thousand packets", () => {
  const notices: string[] = [];
  const live = { notice: (sentence: string) => notices.push(sentence) };
  const gateway = new Gateway({ flowCapacity: 4096 }, { random: seededRandom(1), live });
  const { config } = loadConfig("gateway: { flowTableCapacity: 4096 }\nvpcs: {}\n", "", natModes);
  let most = { received: 0, sent: 0, fast: 0 };
  const forget = gateway.forgetCounts.bind(gateway);
  gateway.forgetCounts = () => {
    most = gateway.counts();
    forget();
  };
  warmUp(gateway, config!, 1000);
  assert.ok(most.sent > 100_000 && most.fast > 95_000, JSON.stringify(most));
  assert.ok(most.received - most.sent < 500, JSON.stringify(most));
  const { received, sent, dropped, pairs, waiting } = gateway.counts();
  assert.deepEqual([received, sent, dropped.size, pairs.length, waiting], [0, 0, 0, 0, 0]);
  const { flows, mappings } = gateway.tracked();
  assert.deepEqual([flows, mappings, notices], [0, 0, []]);
  assert.deepEqual(gateway.apply(config!, 2000).notices, []);
});
