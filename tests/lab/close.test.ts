// Nothing of a laboratory is left behind, however it ends.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { NAMESPACES } from "../../src/lab/inside.ts";
import { openLab, withLab } from "../../src/lab/lab.ts";
import { whyNotLive } from "../live/namespaces.ts";

const why = whyNotLive();
const options = why === undefined ? {} : { skip: why };
const PROGRAM = fileURLToPath(new URL("build-and-wait.ts", import.meta.url));

function isThere(namespace: string): boolean {
  return existsSync(`${NAMESPACES}/${namespace}`);
}

/** Whether a process is there that would notice being so. */
function runs(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

interface Child {
  readonly process: ChildProcess;
  readonly namespaces: readonly string[];
  readonly pid: number;
}

/** The program, once it has built what it builds. */
async function build(way: string): Promise<Child> {
  const child = spawn(process.execPath, [PROGRAM, way], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const [a = "", b = "", pid = ""] = `${line}`.trim().split(" ");
  return { process: child, namespaces: [a, b], pid: Number(pid) };
}

async function endOf({ process: child }: Child): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode ?? child.exitCode;
}

test("closed, it is gone with its programs and whatever those started", options, async () => {
  const lab = await openLab();
  const here = lab.namespace("here");
  const program = here.start(["sh", "-c", "sleep 600 & echo $!; wait"]);
  const pid = Number((await program.says(/\d+/))[0]);
  assert.ok(isThere(here.name) && runs(pid));
  lab.close();
  lab.close();
  assert.ok(!isThere(here.name) && !runs(pid));
  assert.equal((await program.exited()).status, undefined);
  assert.throws(() => lab.namespaces(["more"]), { message: "the laboratory is closed" });
});

test("so it is when the work in it fails, and who does not end is killed", options, async () => {
  let name = "";
  let pid = 0;
  const work = withLab(async (lab) => {
    const here = lab.namespace("here");
    name = here.name;
    const program = here.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"]);
    await program.says(/deaf/);
    pid = program.pid ?? 0;
    throw new Error("on purpose");
  });
  await assert.rejects(work, { message: "on purpose" });
  assert.ok(pid > 0 && !isThere(name) && !runs(pid));
});

test("its programs are ended after their time, and stopped when told", options, async () => {
  await withLab(async (lab) => {
    const here = lab.namespace("here");
    assert.equal((await here.run(["sleep", "600"], { timeoutMillis: 50 })).status, undefined);
    assert.equal(here.runSync(["sleep", "600"], { timeoutMillis: 50 }).status, undefined);
    assert.deepEqual(await here.run(["cat"], { input: "said" }), {
      status: 0,
      out: "said",
      err: "",
    });
    await assert.rejects(here.ask(["sh", "-c", "echo no; exit 3"]), /here: .* failed with 3\nno/);
    const program = here.start(["sleep", "600"]);
    assert.ok(program.running);
    await program.stop();
    assert.equal((await here.run(["sh", "-c", "sleep 600 & echo left"])).out, "left\n");
    assert.ok(!program.running);
    await assert.rejects(program.says(/anything/), /sleep 600: has ended/);
  });
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`a process that gets ${signal} leaves nothing`, options, async () => {
    const child = await build("wait");
    assert.ok(child.namespaces.every(isThere) && runs(child.pid));
    child.process.kill(signal);
    assert.equal(await endOf(child), signal);
    assert.ok(!child.namespaces.some(isThere) && !runs(child.pid));
  });
}

test("one that listens for the signal itself ends as it likes", options, async () => {
  const child = await build("listen");
  child.process.kill("SIGTERM");
  assert.equal(await endOf(child), 7);
  assert.ok(!child.namespaces.some(isThere) && !runs(child.pid));
});

test("one that fails leaves nothing", options, async () => {
  const child = await build("throw");
  assert.equal(await endOf(child), 1);
  assert.ok(!child.namespaces.some(isThere) && !runs(child.pid));
});

test("what one left that was killed is removed by the next", options, async () => {
  const child = await build("crash");
  // Any other process that opens a laboratory may be the next.
  assert.equal(await endOf(child), "SIGKILL");
  const next = await build("throw");
  await endOf(next);
  assert.ok(!child.namespaces.some(isThere) && !runs(child.pid));
  const mine = readdirSync(NAMESPACES).filter((name) => name.startsWith(`isthmus-${process.pid}-`));
  assert.deepEqual(mine, []);
});
