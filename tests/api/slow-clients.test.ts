// Clients that take their time, by a socket: each loses its connection, and nobody else waits.

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Api } from "./api.ts";

const HEAD = "HTTP/1.1\r\nHost: localhost\r\n";

let api: Api;
let socket: string;

beforeEach(async () => {
  api = new Api({ patience: { requestMillis: 200, stalledMillis: 1000 } });
  socket = path.join(api.folder, "api.sock");
  await api.app.listen({ path: socket });
});
afterEach(() => api.close());

function open(text: string): Socket & { isClosed: boolean; text: string } {
  const connection = Object.assign(connect({ path: socket }), { isClosed: false, text: "" });
  connection.write(text);
  connection.on("error", () => {});
  connection.on("close", () => {
    connection.isClosed = true;
  });
  return connection;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 500; tries++) await sleep(20);
  assert.ok(holds());
}

function count(): Promise<number> {
  return new Promise((resolve) => api.app.server.getConnections((_, count) => resolve(count)));
}

for (const [what, text] of [
  ["nothing", ""],
  ["a head without an end", `GET /v1/health ${HEAD}`],
  [
    "a body without an end",
    `POST /v1/explain ${HEAD}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  ],
] as const) {
  test(`who sends ${what} is told so, and cut off`, async () => {
    const client = open(text);
    client.on("data", (data) => {
      client.text += data;
    });
    await until(() => client.isClosed);
    assert.match(client.text, /^HTTP\/1\.1 408 /);
  });
}

test("who asks and does not read is cut off", async () => {
  const client = open(`GET /v1/openapi.json ${HEAD}\r\n`.repeat(100));
  client.pause();
  let connections = 0;
  const timer = setInterval(async () => {
    connections = await count();
  }, 20);
  await until(() => connections === 1);
  await until(() => connections === 0);
  clearInterval(timer);
  client.destroy();
});

test("who reads a stream that has nothing to say stays", async () => {
  const client = open(`GET /v1/events ${HEAD}\r\n`);
  client.on("data", (data) => {
    client.text += data;
  });
  await sleep(2500);
  assert.equal(client.isClosed, false);
  api.events.tell("confirmed", { generation: 7 });
  await until(() => client.text.includes("generation"));
  await sleep(2500);
  assert.equal(client.isClosed, false);
  client.destroy();
});
