// `isthmus demo` as a user runs it: everything works, and nothing is left behind, also when it is
// stopped in the middle.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";

const why = whyNotLive();
const skip = why ?? false;
const START = `${root}bin/start.ts`;

function namespacesOf(pid: number): string[] {
  const { stdout } = spawnSync("ip", ["netns"], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.startsWith(`isthmus-${pid}-`));
}

function start(...words: readonly string[]) {
  const child = spawn(process.execPath, [START, "demo", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  return { child, out: () => out, exit: once(child, "exit") };
}

test("the demonstration shows six visits, and tshark finds no fault", { skip }, async () => {
  const { child, out, exit } = start();
  const [code] = await exit;
  assert.equal(code, 0, out());
  assert.equal(out().match(/^ {2}result /gm)?.length, 6, out());
  assert.match(out(), /green1 got +tcp 192\.0\.2\.1:\d+ > 10\.0\.0\.2:80 syn/);
  assert.match(out(), /^tshark has looked at \d+ frames .*: none is bad$/m);
  assert.deepEqual(namespacesOf(child.pid!), []);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`nothing is left behind after ${signal} in the middle`, { skip }, async () => {
    const { child, out, exit } = start();
    while (!out().includes("a web page")) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(child.exitCode, null, out());
    }
    assert.ok(namespacesOf(child.pid!).length >= 4);
    child.kill(signal);
    await exit;
    assert.deepEqual(namespacesOf(child.pid!), []);
    const { stdout } = spawnSync("pgrep", ["-f", "isthmus-demo-.*gateway.yaml"], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
  });
}
