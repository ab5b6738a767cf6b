import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MODULE = fileURLToPath(new URL("node-io.ts", import.meta.url));

/** Of a process that does `work` with `io`, and goes on. */
function stay(work: string, out: number | "pipe" = "pipe") {
  const code = `import { nodeIo } from ${JSON.stringify(MODULE)};
    const io = nodeIo();
    io.stay((async () => { ${work}; return 0; })());`;
  const words = ["--input-type=module", "-e", code];
  const { status, stderr } = spawnSync(process.execPath, words, {
    stdio: ["ignore", out, "pipe"],
    encoding: "utf8",
  });
  return [status, stderr];
}

test("a file that cannot be written is a sentence, and no trace", () => {
  assert.deepEqual(stay('io.openOutput("/nowhere/x.pcapng")'), [
    1,
    "isthmus: /nowhere/x.pcapng: there is no such folder to write it into\n",
  ]);
  const full = openSync("/dev/full", "w");
  const told = stay('io.out("x")', full);
  closeSync(full);
  assert.deepEqual(told, [1, "isthmus: standard output: no space left\n"]);
});

test("a mistake of the program has its trace", () => {
  const [status, told] = stay("null.x");
  assert.equal(status, 1);
  assert.match(`${told}`, /^isthmus: TypeError: .*\n +at /);
});
