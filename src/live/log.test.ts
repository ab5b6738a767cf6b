import assert from "node:assert/strict";
import { test } from "node:test";
import { type LogFormat, openLog } from "./log.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function written(format: LogFormat, work: (log: ReturnType<typeof openLog>) => void): string {
  let text = "";
  work(
    openLog({
      format,
      level: "info",
      write: (line) => {
        text += line;
      },
    }),
  );
  return text;
}

test("for programs a line is one JSON object, with the details beside the message", () => {
  const text = written("json", (log) => {
    log({ level: "warn", message: "it is late", details: { millis: 7, ended: { "vpc-gone": 2 } } });
    log({ level: "debug", message: "left out" });
  });
  assert.ok(text.endsWith("\n"));
  const { time, ...rest } = JSON.parse(text);
  assert.match(time, TIME);
  assert.deepEqual(rest, { level: "warn", millis: 7, ended: { "vpc-gone": 2 }, msg: "it is late" });
});

test("for people it is a line of text, and a stack below it", () => {
  const text = written("text", (log) => {
    log({ level: "info", message: "applied", details: { cause: "file", why: "a b", kept: 3 } });
    log({ level: "error", message: "failed", details: { stack: "Error: x\n    at y" } });
  });
  const lines = text.split("\n").map((line) => line.replace(/^\S+Z/, "TIME"));
  assert.deepEqual(lines, [
    'TIME info  applied cause=file why="a b" kept=3',
    "TIME error failed",
    "Error: x",
    "    at y",
    "",
  ]);
});
