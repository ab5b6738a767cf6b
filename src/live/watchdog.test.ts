import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { COMMANDED, Pulse, SLEEPING } from "./pulse.ts";
import { Watchdog } from "./watchdog.ts";

function watched(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const pulse = new Pulse();
  const barks: number[] = [];
  const watchdog = new Watchdog(pulse, 5000, () => barks.push(1));
  /** Looks come at most once for each call, as when the machine was stopped. */
  const pass = (millis: number) => {
    for (let left = millis; left > 0; left -= 500) context.mock.timers.tick(500);
  };
  return { pulse, barks, watchdog, pass };
}

test("turns keep the watchdog quiet; five seconds without do not, and it barks once", (context) => {
  const { pulse, barks, pass } = watched(context);
  for (let second = 0; second < 20; second++) {
    pulse.begin();
    pulse.enter(SLEEPING);
    pass(1000);
  }
  pass(3500);
  assert.equal(barks.length, 0);
  pass(1000);
  assert.equal(barks.length, 1);
  pass(60_000);
  assert.equal(barks.length, 1);
});

test("starting, and a command, may take longer", (context) => {
  const { pulse, barks, pass } = watched(context);
  pass(29_000);
  pulse.begin();
  pulse.enter(COMMANDED);
  pass(29_500);
  assert.equal(barks.length, 0);
  pass(1000);
  assert.equal(barks.length, 1);
});

test("closed, it never barks", (context) => {
  const { barks, watchdog, pass } = watched(context);
  watchdog.close();
  pass(60_000);
  assert.equal(barks.length, 0);
});
