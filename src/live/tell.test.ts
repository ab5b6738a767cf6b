import assert from "node:assert/strict";
import { test } from "node:test";
import { tellApplied, tellStopped } from "./tell.ts";

test("what a configuration did is said with reasons, its notices as warnings", () => {
  const ended = new Map([
    ["vpc-gone", 2],
    ["acl-denied", 1],
  ]);
  const applied = { kept: 1, ended, notices: ["The table stays."], millis: 1.23456 };
  assert.deepEqual(tellApplied(applied, "SIGHUP"), [
    {
      level: "info",
      message: "configuration applied: 1 flow kept, 3 ended (vpc-gone 2, acl-denied 1)",
      details: {
        cause: "SIGHUP",
        kept: 1,
        ended: { "vpc-gone": 2, "acl-denied": 1 },
        millis: 1.235,
      },
    },
    { level: "warn", message: "The table stays." },
  ]);
});

test("the last line has all counts", () => {
  const dropped = new Map([
    ["no-flow", 2],
    ["no-peering", 3],
  ]);
  const rest = { fast: 4, consumed: 1, waiting: 0, answered: 2, pieces: 0, pairs: [] };
  const gateway = { received: 10, sent: 4, dropped, ...rest };
  const { message, details } = tellStopped({
    gateway,
    interfaces: new Map(),
    batches: { counts: [], sum: 0 },
  });
  assert.equal(message, "stopped: 10 packets received, 4 sent, 5 dropped");
  assert.deepEqual(details?.["dropped"], { "no-flow": 2, "no-peering": 3 });
});
