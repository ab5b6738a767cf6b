// The API of a process that runs, by its socket. The network is a fake.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { natConfig } from "../support/nat-events.ts";
import { ask, JSON_TYPE, open, YAML } from "./api-client.ts";
import { Running, vpcs } from "./running.ts";

async function running(gateway: Running, work: (gateway: Running) => Promise<void>): Promise<void> {
  try {
    await work(gateway);
  } finally {
    await gateway.remove();
  }
}

async function get(gateway: Running, url: string) {
  const { status, text } = await ask(gateway.apiSocket, url);
  return { status, reply: JSON.parse(text) };
}

test("it listens for its owner alone, says where, and leaves nothing behind", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    const { api } = await gateway.says(/^the API listens on .*api\.sock$/);
    assert.equal(api, gateway.apiSocket);
    assert.equal(statSync(gateway.apiSocket).mode & 0o777, 0o600);
    assert.equal((await get(gateway, "/v1/health")).status, 200);
    await gateway.says(/^the gateway runs$/);
    assert.equal((await get(gateway, "/v1/ready")).status, 200);
    const { reply } = await get(gateway, "/v1/interfaces");
    assert.deepEqual([reply.items[0].name, reply.items[0].vpc], ["near0", "blue"]);
    gateway.kill("SIGTERM");
    assert.equal(await gateway.exited, 0);
    assert.equal(existsSync(gateway.apiSocket), false);
  }));

test("an applied configuration goes the way of a reload, and comes back unconfirmed", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    const stream = await open(gateway.apiSocket, "/v1/events");
    let heard = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    const apply = (text: string, query = "") =>
      ask(gateway.apiSocket, `/v1/config/apply${query}`, {
        method: "POST",
        body: text,
        headers: YAML,
      });
    const { status, text } = await apply(vpcs("blue", "green"), "?confirmWithin=1");
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text).notices, ["there are 2 VPCs now"]);
    assert.equal((await gateway.says(/^configuration applied/))["cause"], "API");
    assert.equal((await apply(vpcs("elsewhere"))).status, 409);
    assert.equal((await apply("vpcs: [")).status, 422);
    await gateway.says(/^nobody has confirmed/);
    assert.equal((await gateway.says(/^configuration applied/))["cause"], "not confirmed");
    assert.equal((await get(gateway, "/v1/config")).reply.generation, 3);
    assert.equal(readFileSync(gateway.file, "utf8"), vpcs("blue"));
    const kinds = Array.from(heard.matchAll(/^event: (.*)$/gm), ([, kind]) => kind);
    const expected = ["applied", "refused", "refused", "unconfirmed", "applied"];
    assert.deepEqual(
      kinds.filter((kind) => kind !== "notice"),
      expected,
    );
    assert.match(heard, /^event: notice\ndata: \{"time":".*","level":"error"/m);
    const ended = new Promise((resolve) => stream.on("close", resolve));
    gateway.kill("SIGTERM");
    assert.equal(await gateway.exited, 0);
    await ended;
  }));

test("while it stops it says so, and nobody has made a mistake", () =>
  running(new Running("endless", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    gateway.kill("SIGTERM");
    await gateway.says(/^stopping$/);
    for (const url of ["/v1/drops", "/v1/stats", "/metrics", "/v1/capture"]) {
      const { status, reply } = await get(gateway, url);
      assert.deepEqual([url, status, reply.detail], [url, 503, "The gateway stops."]);
    }
    assert.equal(await gateway.exited, 0);
    assert.doesNotMatch(gateway.text, /^error/m);
  }));

test("what it saves is no news when the file changes", () =>
  running(new Running("", vpcs("blue")), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    const body = vpcs("blue", "green");
    const asked = { method: "POST", body, headers: YAML };
    const { text } = await ask(gateway.apiSocket, "/v1/config/apply?save=true", asked);
    assert.equal(JSON.parse(text).saved, true);
    assert.equal(readFileSync(gateway.file, "utf8"), body);
    await setTimeout(500);
    assert.equal(gateway.text.match(/configuration applied/g)?.length, 1, gateway.text);
  }));

test("the socket of a dead process is taken over", async () => {
  const first = new Running("", vpcs("blue"));
  await running(first, async () => {
    await first.says(/^the gateway runs$/);
    first.kill("SIGKILL");
    await first.exited;
    assert.ok(existsSync(first.apiSocket));
    const words = ["--api-socket", first.apiSocket];
    await running(new Running("", vpcs("blue"), ...words), async (second) => {
      await second.says(/^the gateway runs$/);
      assert.equal((await get(first, "/v1/ready")).status, 200);
    });
  });
});

test("the socket of a living process, and another file, are not", async () => {
  await running(new Running("", vpcs("blue")), async (first) => {
    await first.says(/^the gateway runs$/);
    const words = ["--api-socket", first.apiSocket];
    await running(new Running("", vpcs("blue"), ...words), async (second) => {
      assert.equal(await second.exited, 1);
      assert.match(second.text, /error the API cannot listen: .*the socket of another process/);
    });
    assert.equal((await get(first, "/v1/ready")).status, 200);
    const other = path.join(first.folder, "notes.txt");
    writeFileSync(other, "important");
    await running(new Running("", vpcs("blue"), "--api-socket", other), async (second) => {
      assert.equal(await second.exited, 1);
    });
    assert.equal(readFileSync(other, "utf8"), "important");
  });
});

test("by TCP it wants the token", async () => {
  const port = await freePort();
  const token = "0123456789abcdef";
  const api = `isthmus: { api: { listen: "127.0.0.1:${port}", token: ${token} } }\n`;
  await running(new Running("", vpcs("blue") + api), async (gateway) => {
    await gateway.says(/^the API listens on http:\/\/127/);
    const url = `http://127.0.0.1:${port}/v1/health`;
    const refused = await fetch(url);
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await fetch(url, { headers })).status, 200);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("pools, metrics, and a flow that ends, told to who listens for it", () =>
  running(new Running("flow", JSON.stringify(natConfig())), async (gateway) => {
    await gateway.says(/^the gateway runs$/);
    const stream = await open(gateway.apiSocket, "/v1/events?kinds=flows");
    let heard = "";
    const told = new Promise<void>((resolve) => {
      stream.setEncoding("utf8").on("data", (text: string) => {
        heard += text;
        if (heard.includes("event: flow-end")) resolve();
      });
    });
    const { items } = (await get(gateway, "/v1/pools")).reply;
    const udp = items.find(
      ({ pool, protocol }: Record<string, string>) =>
        pool === "198.51.100.7/32" && protocol === "udp",
    );
    assert.deepEqual([udp.used, udp.topUsers], [1, [{ address: "10.0.0.4", ports: 1 }]]);
    const metrics = await ask(gateway.apiSocket, "/metrics");
    assert.match(metrics.type ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(metrics.text, /^isthmus_flows\{family="ipv4"\} 1$/m);
    await ask(gateway.apiSocket, "/v1/flows/kill", {
      method: "POST",
      body: JSON.stringify({ all: true }),
      headers: JSON_TYPE,
    });
    await Promise.race([told, setTimeout(20_000, undefined, { ref: false })]);
    stream.destroy();
    const data = JSON.parse(/^event: flow-end\ndata: (.*)$/m.exec(heard)?.[1] ?? "{}");
    assert.deepEqual([data.from, data.to, data.cause], ["blue", "green", "revoked"]);
    assert.equal(data.original, "udp 10.0.0.4:3000 > 203.0.113.8:53");
  }));
