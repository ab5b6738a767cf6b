// The loop with a clock, a waiter and a data path that are told what to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/clock.ts";
import type { DataPath } from "./data-path.ts";
import { drain, runLoop } from "./loop.ts";
import { LoopCounts } from "./loop-counts.ts";
import type { Status } from "./messages.ts";
import { Pulse } from "./pulse.ts";

/** What the network does: a letter a turn, "p" for packets and "." for none; it ends with the
 * last. */
function play(turns: string, { turnMillis = 0.06, due = Number.POSITIVE_INFINITY, work = 0 } = {}) {
  const clock = new ManualClock();
  const pulse = new Pulse();
  const happened: string[] = [];
  const sleeps: number[] = [];
  const reports: Status[] = [];
  let at = 0;
  const dataPath = {
    turn(now: number) {
      assert.ok(Number.isInteger(now));
      clock.advance(turnMillis);
      happened.push(turns[at]!);
      if (at + 1 === turns.length) pulse.announce();
      return turns[at++] === "p";
    },
    due: () => due,
    close: () => happened.push("close"),
  } as Partial<DataPath> as DataPath;
  const wait = (millis: number) => {
    assert.equal(pulse.phase, "waiting for packets");
    happened.push("zzz");
    sleeps.push(millis);
    clock.advance(Math.min(millis, 100));
    return false;
  };
  const obey = () => at < turns.length;
  let left = work;
  const answering = {
    get isBusy() {
      return left > 0;
    },
    advance() {
      left--;
      happened.push("?");
    },
  };
  const report = (status: Status) => reports.push(status);
  const counts = new LoopCounts();
  const parts = { dataPath, waiter: { wait, watch: () => {} }, clock, pulse, obey };
  const all = { ...parts, answering, report, counts };
  return { ...all, happened, sleeps, reports };
}

test("while packets come it never sleeps", () => {
  const played = play("pppppppppppp");
  runLoop(played);
  assert.deepEqual(played.sleeps, []);
  assert.equal(played.pulse.beat, 12);
});

test("it stays awake a tenth of a millisecond after the last packet, and half of it next", () => {
  const played = play("pp..p....p");
  runLoop(played);
  assert.equal(played.happened.join(""), "pp..zzzp.zzz.zzz.zzz.zzzp");
});

test("packets that come while it is awake for them keep it awake", () => {
  const played = play("p.p.p.p.p.p.p");
  runLoop(played);
  assert.deepEqual(played.sleeps, []);
});

test("a sleep that nothing ended is followed by the next after one turn", () => {
  const played = play("......");
  runLoop(played);
  assert.equal(played.happened.join(""), "..zzz.zzz.zzz.zzz.");
});

test("it sleeps no longer than until something is due, in whole milliseconds", () => {
  const played = play("...", { due: 2.25 });
  runLoop(played);
  assert.deepEqual(played.sleeps, [3]);
  const now = play(".....", { due: 0 });
  runLoop(now);
  assert.deepEqual(now.sleeps, []);
});

test("it tells once a second how it fares", () => {
  const played = play("p".repeat(10).padEnd(60, "."));
  runLoop(played);
  assert.ok(played.reports.length >= 3, `${played.reports.length}`);
  const [first] = played.reports;
  assert.equal(first!.busy, 10);
  // Ten with packets, and two before the first sleep.
  assert.equal(first!.turns, first!.sleeps + 12);
  assert.ok(Math.abs(first!.longestTurnMillis - 0.06) < 1e-9);
  assert.equal(played.reports[1]!.busy, 0);
});

test("it counts what it has done, and how long turns with packets took", () => {
  const played = play("p".repeat(10).padEnd(60, "."));
  runLoop(played);
  const { turns, busy, sleeps, busyMicros, longestMillis } = played.counts.read();
  const sum = (of: (status: Status) => number) =>
    played.reports.reduce((total, each) => total + of(each), 0);
  assert.deepEqual(
    [turns, busy, sleeps],
    [sum((each) => each.turns), 10, sum((each) => each.sleeps)],
  );
  assert.ok(Math.abs(longestMillis - 0.06) < 1e-9);
  // 60 µs, or what rounding leaves of them.
  assert.equal(busyMicros.counts[6], 10);
});

test("commands are carried out between two turns, and once", () => {
  const played = play("....");
  let obeyed = 0;
  played.pulse.announce();
  runLoop({ ...played, obey: () => ++obeyed < 2 });
  assert.equal(obeyed, 2);
});

test("questions get a little after each turn, and nobody sleeps meanwhile", () => {
  const played = play(".pp....", { work: 4 });
  runLoop(played);
  assert.equal(played.happened.join(""), ".?p?p?.?.zzz.zzz.");
  const idle = play("........", { work: 5 });
  runLoop(idle);
  assert.equal(idle.happened.join(""), ".?.?.?.?.?.zzz.zzz.");
});

test("draining takes what still comes, then closes", () => {
  const played = play("ppp.p");
  drain(played.dataPath, played.clock, played.pulse);
  assert.deepEqual(played.happened, ["p", "p", "p", ".", "close"]);
  assert.equal(played.pulse.phase, "closing");
});

test("draining ends after a second though packets go on to come", () => {
  const played = play("p".repeat(50), { turnMillis: 100 });
  drain(played.dataPath, played.clock, played.pulse);
  assert.deepEqual(played.happened, [..."p".repeat(10), "close"]);
});
