// `isthmus run` as an operator meets it: processes, signals, files, exit codes. The network is a
// fake.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Running, vpcs } from "./running.ts";

const BROKEN = "vpcs: { blue: { vni: 0 }, green: { vnj: 2 } }\n";

async function running(gateway: Running, work: (gateway: Running) => Promise<void>): Promise<void> {
  try {
    await work(gateway);
  } finally {
    await gateway.remove();
  }
}

test("SIGTERM stops it in order, and the last line counts", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^opened with 1 VPCs$/);
    const { pid, file } = await gateway.says(/^the gateway runs$/);
    assert.deepEqual([pid, file], [gateway.child.pid, gateway.file]);
    gateway.kill("SIGHUP");
    await gateway.says(/^configuration applied/);
    gateway.kill("SIGTERM");
    const stopped = await gateway.says(/^stopped: \d+ packets received/);
    assert.equal(await gateway.exited, 0);
    const { near0 } = stopped["interfaces"] as { near0: { received: number } };
    // The fake's frames came when the configuration was applied.
    assert.equal(near0.received, 1000);
    assert.match(gateway.text, /info stopping\n(?:.*\n)*info closed\ninfo stopped/);
  }));

for (const signal of ["SIGINT", "SIGQUIT"] as const) {
  test(`${signal} stops it like SIGTERM`, () =>
    running(new Running("", vpcs("blue")), async (gateway) => {
      await gateway.says(/^the gateway runs$/);
      gateway.kill(signal);
      assert.equal((await gateway.says(/^stopping$/))["signal"], signal);
      assert.equal(await gateway.exited, 0);
    }));
}

test("a signal while it starts stops it when it has", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^opened with/);
    gateway.kill("SIGTERM");
    await gateway.says(/^closed$/);
    await gateway.says(/^stopped/);
    assert.equal(await gateway.exited, 0);
  }));

test("packets that never end do not keep it from stopping", () =>
  running(new Running("endless", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.kill("SIGTERM");
    await gateway.says(/^stopped/);
    assert.equal(await gateway.exited, 0);
  }));

test("a second signal stops it at once, and the exit code says so", () =>
  running(new Running("endless", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.kill("SIGTERM");
    await gateway.says(/^stopping$/);
    gateway.kill("SIGINT");
    await gateway.says(/^stopped at once$/);
    assert.equal(await gateway.exited, 130);
  }));

test("SIGHUP applies the file again, and says what that did", () =>
  running(new Running("", vpcs("blue"), "--no-watch"), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.write(vpcs("blue", "green"));
    gateway.kill("SIGHUP");
    const line = await gateway.says(/^configuration applied: 0 flows kept, 0 ended$/);
    assert.equal(line["cause"], "SIGHUP");
    assert.equal((await gateway.says(/^there are 2 VPCs now$/)).level, "warn");
  }));

test("a wrong file changes nothing, and every mistake is said with its place", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.write(BROKEN);
    const first = await gateway.says(/gateway\.yaml:1:\d+: error vpc\/bad-vni: /);
    assert.deepEqual([first["code"], first["line"]], ["vpc/bad-vni", 1]);
    assert.match(String(first["hint"]), /\w/);
    await gateway.says(/gateway\.yaml:1:\d+: error [\w/-]*unknown-key/);
    await gateway.says(/gateway\.yaml is not right; the gateway goes on as it was$/);
    // Once is enough, however often something happens in the folder.
    gateway.write("", path.join(gateway.folder, "other"));
    await setTimeout(500);
    gateway.write(vpcs("blue", "green", "red"));
    await gateway.says(/^there are 3 VPCs now$/);
    assert.equal(gateway.text.match(/bad-vni/g)?.length, 1, gateway.text);
    assert.equal(gateway.text.match(/configuration applied/g)?.length, 1, gateway.text);
  }));

test("what the machine has not is refused, and the gateway goes on", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.write(vpcs("elsewhere"));
    const { level } = await gateway.says(/no interface "elsewhere0".*goes on as it was$/);
    assert.equal(level, "error");
    gateway.write(vpcs("blue", "green"));
    await gateway.says(/^configuration applied/);
  }));

test("a file put in the place of the other is noticed, and one that is gone", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    const fresh = path.join(gateway.folder, ".gateway.yaml.swp");
    gateway.write(vpcs("blue", "green"), fresh);
    renameSync(fresh, gateway.file);
    assert.equal((await gateway.says(/^configuration applied/))["cause"], "file");
    await gateway.says(/^there are 2 VPCs now$/);
    renameSync(gateway.file, fresh);
    await gateway.says(/there is no such file; the gateway goes on as it was$/);
    gateway.write(vpcs("blue", "green", "red"), fresh);
    renameSync(fresh, gateway.file);
    await gateway.says(/^there are 3 VPCs now$/);
  }));

test("a symbolic link that turns is noticed, as Kubernetes does it", () => {
  const put = ({ folder }: Running, name: string, text: string) => {
    mkdirSync(path.join(folder, name));
    const file = path.join(folder, name, "gateway.yaml");
    gateway.write(text, file);
    symlinkSync(name, path.join(folder, "..data_tmp"));
    renameSync(path.join(folder, "..data_tmp"), path.join(folder, "..data"));
  };
  let gateway: Running;
  const begin = (made: Running) => {
    gateway = made;
    put(made, "..1", vpcs("blue"));
    symlinkSync(path.join("..data", "gateway.yaml"), made.file);
  };
  return running(new Running("", begin), async (made) => {
    await made.says(/^the gateway runs$/);
    put(made, "..2", vpcs("blue", "green"));
    await made.says(/^there are 2 VPCs now$/);
    put(made, "..3", vpcs("blue", "green", "red"));
    await made.says(/^there are 3 VPCs now$/);
  });
});

test("a wrong file, or none, starts nothing", async () => {
  await running(new Running("", BROKEN), async (gateway) => {
    assert.equal(await gateway.exited, 1);
    assert.match(gateway.text, /error .*gateway\.yaml:1:\d+: error vpc\/bad-vni: /);
    assert.match(gateway.text, /gateway\.yaml is not right, so nothing is started\n$/);
  });
  await running(new Running("", () => {}), async (gateway) => {
    assert.equal(await gateway.exited, 1);
    assert.match(gateway.text, /^error .*gateway\.yaml: there is no such file\n$/);
  });
});

test("an interface that is not there is told in a sentence", () =>
  running(new Running("no-interface", vpcs("blue")), async (gateway) => {
    assert.equal(await gateway.exited, 1);
    assert.match(
      gateway.text,
      /^info the API listens on .*\nerror .*gateway\.yaml:1: there is no interface "veth-blue"[^\n]*\n$/,
    );
  }));

test("a data path that fails ends the process, with the stack in the log", () =>
  running(new Running("crash", vpcs("blue")), async (gateway) => {
    const line = await gateway.says(/^the data path has ended: a column is not what it was$/);
    assert.match(String(line["stack"]), /at act .*fake-data-path\.ts/);
    assert.equal(await gateway.exited, 1);
  }));

test("without packets the process hardly runs", async () =>
  running(new Running("", vpcs("blue"), "--log-level", "debug"), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    // The first is about the start.
    await gateway.says(/^turns of the last second$/);
    const before = processorSeconds(gateway);
    const turns: number[] = [];
    for (let second = 0; second < 3; second++) {
      turns.push(Number((await gateway.says(/^turns of the last second$/))["turns"]));
    }
    // Ten sleeps of 100 ms a second; a loop that does not sleep takes a million turns.
    assert.ok(
      turns.every((count) => count < 1000),
      `${turns}`,
    );
    assert.ok(processorSeconds(gateway) - before < 1.5, "three seconds of nothing");
  }));

/** Of all threads, in user and system mode, in clock ticks of 10 ms; proc(5). */
function processorSeconds({ child }: Running): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
