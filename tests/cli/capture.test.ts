// `isthmus capture`: what it asks for, what it writes, what it says.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { Refusal, runCli, withFakeApi } from "./fake-api.ts";

function capture(packets: number, missed: number): string {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const iface = writer.interface("blue", 101);
  for (let i = 0; i < packets; i++) writer.packet({ iface, nanos: 1n, bytes: Uint8Array.of(69) });
  writer.statistics(iface, 1n, missed);
  return Buffer.concat(blocks).toString("latin1");
}

test("capture writes what comes, and says how much was missed", () =>
  withFakeApi({ "GET /v1/capture": capture(3, 7) }, async ({ run, asked }) => {
    const words =
      "--vpc blue --address 10.0.0.4 --port 53 --protocol UDP --dropped --count 9 --for 2m";
    const { err, code, files } = await run(["capture", "-o", "x.pcapng", ...words.split(" ")]);
    assert.deepEqual([err, code], ["3 packets written, 7 packets missed.\n", 0]);
    assert.ok((files.get("x.pcapng") ?? "").includes("isthmus"));
    assert.equal(
      asked[0]?.path,
      "/v1/capture?vpc=blue&address=10.0.0.4&port=53&protocol=udp&count=9&seconds=120&dropped=true",
    );
    const asJson = await run(["capture", "-o", "x.pcapng", "--json"]);
    assert.deepEqual(JSON.parse(asJson.err), { packets: 3, missed: 7 });
  }));

test("capture to a pipe ends when nobody reads it any more", async () => {
  const server = createServer((_, answer) => {
    // It goes on for as long as it is wanted.
    answer.writeHead(200).write(Buffer.from(capture(1, 0), "latin1"));
  });
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-api-"));
  const socket = path.join(folder, "api.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const words = ["capture", "-o", "-", "--api", socket];
    const { err, code } = await runCli(words, { readable: 0 });
    assert.deepEqual([err, code], ["1 packet written, 0 packets missed.\n", 0]);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test("a capture whose connection ends too soon is kept, and it is said", async () => {
  const server = createServer((_, answer) => {
    answer.writeHead(200).write(Buffer.from(capture(3, 0).slice(0, -5), "latin1"));
    setTimeout(() => answer.destroy(), 100);
  });
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-api-"));
  const socket = path.join(folder, "api.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const { err, code, files } = await runCli(["capture", "-o", "x.pcapng", "--api", socket]);
    assert.equal(code, 1);
    assert.match(err, /^isthmus: the gateway has ended the capture before its time: .*\n$/);
    assert.match(err, /; 3 packets written, 0 packets missed\n/);
    // The last block was not whole.
    assert.equal(files.get("x.pcapng")!.length % 4, 0);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test("capture that the gateway refuses writes no file", () =>
  withFakeApi({ "GET /v1/capture": new Refusal(409, "Somebody captures") }, async ({ run }) => {
    const { err, code, files } = await run(["capture", "-o", "x.pcapng"]);
    assert.deepEqual([err, code, files.size], ["isthmus: Somebody captures\n", 1, 0]);
  }));
