// What the benchmarks do with words they know and words they do not. What they measure is no test.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

function bench(file: string, ...words: string[]) {
  return spawnSync(process.execPath, [`bench/${file}`, ...words], {
    encoding: "utf8",
    timeout: 60_000,
  });
}

for (const file of ["run.ts", "apply.ts", "live/run.ts", "questions/run.ts"]) {
  test(`bench/${file} --help prints the usage and measures nothing`, () => {
    const { status, stdout, stderr } = bench(file, "--help");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^Usage: .*\n\n[\s\S]*--help/);
  });

  test(`bench/${file} refuses what it does not know`, () => {
    for (const words of [["--stepz"], ["steps"]]) {
      const { status, stdout, stderr } = bench(file, ...words);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, /^Un.* '?(?:--)?step[sz]'?[\s\S]*\n\nUsage: /);
    }
  });
}

test("a scenario that does not exist is told, with those that do", () => {
  const { status, stderr } = bench("run.ts", "--only=nothing");
  assert.equal(status, 1);
  assert.match(stderr, /^no scenario has "nothing" in its name; there are\n {2}\w/);
});
