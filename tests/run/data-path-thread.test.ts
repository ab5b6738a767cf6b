import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSystem } from "../../src/drivers/linux/sys.ts";
import { DataPathThread } from "../../src/live/data-path-thread.ts";
import type { News } from "../../src/live/messages.ts";
import { configOf } from "../support/gateway.ts";
import { vpcs } from "./running.ts";

test("a command wakes the thread, and each has its answer", async () => {
  const system = await loadSystem();
  const wakes: number[] = [];
  const write: typeof system.write = (fd, bytes, length) => {
    wakes.push(fd);
    return system.write(fd, bytes, length);
  };
  const ready = Promise.withResolvers<Extract<News, { kind: "ready" }>>();
  const ended = Promise.withResolvers<Error | undefined>();
  const dataPath = new URL("fake-data-path.ts", import.meta.url).href;
  const start = { dataPath, config: configOf(vpcs("blue")) };
  const thread = new DataPathThread(
    start,
    { ...system, write },
    {
      news: (news) => news.kind === "ready" && ready.resolve(news),
      ended: ended.resolve,
    },
  );
  const { wakeFd } = await ready.promise;
  assert.deepEqual(wakes, []);
  const two = { kind: "apply", config: configOf(vpcs("blue", "green")) } as const;
  const none = { ...two, config: configOf(vpcs("elsewhere")) };
  const [port] = await thread.ask("interfaces", {});
  assert.deepEqual([port?.name, port?.vpc, port?.state], ["near0", "blue", "up"]);
  // What a type would not let through: an older program asks.
  await assert.rejects(thread.ask("weather" as "interfaces", {}), /question "weather"/);
  assert.deepEqual(wakes.splice(0), [wakeFd, wakeFd]);
  const all = [{ kind: "counts" }, two, none, { kind: "stop" }] as const;
  const answers = await Promise.all(all.map((command) => thread.order(command)));
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["counts", "applied", "refused", "closed"],
  );
  assert.deepEqual(wakes, [wakeFd, wakeFd, wakeFd, wakeFd]);
  assert.equal(await ended.promise, undefined);
  // Behind a stop nothing is sent: the descriptor may be somebody else's by now.
  void thread.order({ kind: "counts" });
  assert.equal(wakes.length, 4);
  await assert.rejects(thread.ask("interfaces", {}), /the gateway stops/);
});
