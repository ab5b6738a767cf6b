// Questions, as far as they do not ask anything real: how work is divided among them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/clock.ts";
import type { Work } from "../insight/work.ts";
import { Answering } from "./answering.ts";
import type { DataPath } from "./data-path.ts";
import type { Message } from "./messages.ts";

const PIECE_MILLIS = 0.06;

/** `answer` is done in so many pieces. */
function asking() {
  const clock = new ManualClock();
  const said: Message[] = [];
  const done: string[] = [];
  const work = function* (_: DataPath, { name, pieces }: { name: string; pieces: number }) {
    for (let piece = 1; piece < pieces; piece++) {
      clock.advance(PIECE_MILLIS);
      done.push(name);
      yield;
    }
    if (name === "bad") throw new Error("a column is not what it was");
    return name;
  };
  const questions = { work: work as (dataPath: DataPath, asked: never) => Work<unknown> };
  const say = (message: Message) => said.push(message);
  const answering = new Answering({} as DataPath, clock, say, questions);
  const ask = (id: number, name: string, pieces: number) =>
    answering.begin(id, "work", { name, pieces });
  return { answering, ask, said, done, clock };
}

test("a question gets 0.2 ms between two turns", () => {
  const { answering, ask, said, done } = asking();
  ask(7, "long", 10);
  assert.deepEqual([answering.isBusy, done.length], [true, 0]);
  answering.advance(false);
  assert.equal(done.length, 4);
  answering.advance(false);
  assert.equal(done.length, 8);
  assert.deepEqual(said, []);
  answering.advance(false);
  assert.deepEqual(said, [{ kind: "answered", id: 7, reply: "long" }]);
  assert.equal(answering.isBusy, false);
  answering.advance(false);
});

test("short ones do not wait until a long one is done", () => {
  const { answering, ask, said } = asking();
  ask(1, "long", 100);
  ask(2, "short", 2);
  answering.advance(false);
  answering.advance(false);
  assert.deepEqual(said, [{ kind: "answered", id: 2, reply: "short" }]);
});

test("what goes wrong is told to whoever asked, and the others go on", () => {
  const { answering, ask, said } = asking();
  ask(1, "bad", 2);
  ask(2, "good", 2);
  answering.begin(3, "weather", {});
  answering.begin(4, "constructor", {});
  while (answering.isBusy) answering.advance(false);
  assert.deepEqual(
    said.map((message) => [message.kind, "message" in message ? message.message : ""]),
    [
      ["unanswered", 'nobody knows the question "weather"'],
      ["unanswered", 'nobody knows the question "constructor"'],
      ["unanswered", "a column is not what it was"],
      ["answered", ""],
    ],
  );
});

test("while packets come, these get two thirds of the time", () => {
  const { answering, ask, done, clock } = asking();
  ask(1, "long", 100);
  answering.advance(true);
  assert.equal(done.length, 4);
  clock.advance(0.47);
  answering.advance(true);
  assert.equal(done.length, 4, "0.24 ms were spent, so 0.48 ms are theirs");
  clock.advance(0.02);
  answering.advance(true);
  assert.equal(done.length, 8);
  answering.advance(false);
  assert.equal(done.length, 12, "nobody waits");
});
