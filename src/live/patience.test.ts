import assert from "node:assert/strict";
import { test } from "node:test";
import { Patience } from "./patience.ts";

test("what does not pay is done half as long, then not at all, and tried again now and then", () => {
  const patience = new Patience();
  const all = [patience.millis];
  for (let i = 0; i < 5; i++) {
    patience.sleep();
    all.push(patience.millis);
  }
  assert.deepEqual(all, [0.1, 0.05, 0.025, 0.0125, 0, 0]);
  let sleeps = 1;
  for (; patience.millis === 0; sleeps++) patience.sleep();
  assert.equal(sleeps, 32);
  patience.sleep();
  assert.equal(patience.millis, 0);
});

test("what pays is done twice as long, up to a tenth of a millisecond", () => {
  const patience = new Patience();
  for (let i = 0; i < 3; i++) patience.sleep();
  const pay = () => {
    patience.turn(false, 0);
    patience.turn(true, 0);
  };
  patience.turn(true, 0);
  pay();
  assert.equal(patience.millis, 0.025);
  for (let i = 0; i < 5; i++) pay();
  assert.equal(patience.millis, 0.1);
});
