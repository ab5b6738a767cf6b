// What shells complete, tried in bash itself; of zsh and fish whether they understand the script.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { runCli } from "./fake-api.ts";

/** What bash offers when the cursor is behind the last word. */
function offers(script: string, ...words: string[]): string[] {
  const line = ["isthmus", ...words].map((word) => `'${word}'`).join(" ");
  const code = `${script}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _isthmus; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, error } = spawnSync("bash", ["-c", code], { encoding: "utf8" });
  assert.equal(error, undefined);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, those below them, options and choices", async () => {
  const { out: script, code } = await runCli(["completion", "bash"]);
  assert.equal(code, 0);
  assert.deepEqual(offers(script, "sho"), ["show"]);
  assert.deepEqual(offers(script, "show", "p"), ["pools", "peerings"]);
  assert.deepEqual(offers(script, "show", "pools", "--ad"), ["--addresses"]);
  assert.ok(offers(script, "show", "flows", "--p").includes("--protocol"));
  assert.deepEqual(offers(script, "show", "flows", "--json", "--vp"), ["--vpc"]);
  assert.deepEqual(offers(script, "flows", ""), ["kill", "--help"]);
  assert.deepEqual(offers(script, "completion", "z"), []);
  assert.deepEqual(offers(script, "run", "--log-format", ""), ["text", "json"]);
  assert.ok(offers(script, "check", "package.j").includes("package.json"));
});

for (const [shell, check] of [
  ["zsh", "-n"],
  ["fish", "--no-execute"],
] as const) {
  test(`the script for ${shell} names every command, and ${shell} can read it where it is`, async () => {
    const { out } = await runCli(["completion", shell]);
    for (const word of ["show", "flows", "kill", "confirm-within", "log-format"]) {
      assert.ok(out.includes(word), word);
    }
    const found = spawnSync(shell, [check, "/dev/stdin"], { input: out, encoding: "utf8" });
    if (found.error === undefined) assert.equal(found.stderr, "");
  });
}

test("a shell that is not known is refused with those that are", async () => {
  const { err, code } = await runCli(["completion", "tcsh"]);
  assert.equal(code, 1);
  assert.match(err, /bash, zsh, fish/);
});
