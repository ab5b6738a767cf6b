// `isthmus who-was`: who had a public endpoint, from logs as the gateway writes them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { CliIo } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { parseMoment } from "../../src/cli/who-was/answer.ts";
import { MatchingLines } from "../../src/cli/who-was/matching-lines.ts";
import { jsonLine, jsonMark } from "../../src/live/nat-log/json-lines.ts";
import { FLOWS } from "../../src/tables/flow-events.ts";
import { NatEvents, NOON, natConfig } from "../support/nat-events.ts";
import { property } from "../support/property.ts";

const folder = mkdtempSync(path.join(tmpdir(), "isthmus who "));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

const nameOf = (vni: number) => (vni === 101 ? "blue" : "green");
const PUBLIC = "198.51.100.7:40001";

function fileOf(text: string): string {
  const file = path.join(folder, `nat-${files++}.jsonl`);
  writeFileSync(file, text);
  return file;
}

/** Seconds behind noon. */
function line(seconds: number, event: string, host = 4, more: object = {}): string {
  const time = new Date(NOON + seconds * 1000).toISOString();
  const source = `10.0.0.${host}:3000`;
  const ends = { protocol: "tcp", from: "blue", fromVni: 101, to: "green", toVni: 102 };
  return `${JSON.stringify({ time, event, ...ends, source, public: PUBLIC, ...more })}\n`;
}

function begin(seconds: number, start = true): string {
  return jsonMark({ event: "log-begin", start, what: "flows" }, NOON + seconds * 1000);
}

function end(seconds: number, stop: boolean): string {
  return jsonMark({ event: "log-end", stop }, NOON + seconds * 1000);
}

/** Of the log in `text`, so many seconds behind noon. */
async function ask(log: string, seconds: number, ...words: string[]) {
  const at = new Date(NOON + seconds * 1000).toISOString();
  return run("who-was", PUBLIC, "--at", at, "--log", log, ...words);
}

async function run(...words: string[]) {
  const result = { out: "", err: "" };
  let work = Promise.resolve(-1);
  main(words, {
    out: (text: string) => (result.out += text),
    err: (text: string) => (result.err += text),
    exit: () => {},
    stay: (promise: Promise<number>) => {
      work = promise;
    },
  } as Partial<CliIo> as CliIo);
  const code = await work;
  return { ...result, code };
}

test("what the gateway logs is found again", async () => {
  const events = new NatEvents(natConfig(), FLOWS);
  events.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  events.send("blue", "udp [2001:db8:1::4]:9 > [2001:db8:2::8]:53", 1000);
  events.gateway.sweep(256, 1_000_000);
  const records = events.records(1_000_000);
  const log = fileOf(begin(0) + records.map((each) => jsonLine(each, nameOf)).join(""));
  for (const [record, host, source] of [
    [records[0]!, "198.51.100.7", "10.0.0.4:3000"],
    [records[1]!, "[2001:0DB8:ff:0::7]", "[2001:db8:1::4]:9"],
  ] as const) {
    const endpoint = `${host}:${record.public.port}`;
    const at = "2026-11-25T13:01:00+01:00";
    const { out, code } = await run("who-was", endpoint, "--at", at, "--log", log);
    const expected = `udp ${source} of blue, seen by green from 2026-11-25T12:00:01.000Z to 2026-11-25T12:02:01.000Z\n`;
    assert.deepEqual([out, code], [expected, 0]);
  }
});

test("an endpoint had by one after the other: the time decides, and nobody is told with neighbors", async () => {
  const log = fileOf(
    begin(0) +
      line(10, "flow-begin", 4) +
      line(20, "flow-end", 4) +
      line(40, "flow-begin", 5) +
      line(50, "flow-end", 5),
  );
  const first = await ask(log, 15);
  assert.match(first.out, /^tcp 10\.0\.0\.4:3000 of blue, seen by green from \S+:10\S+ to \S+:20/);
  assert.match((await ask(log, 45)).out, /^tcp 10\.0\.0\.5:3000 of blue/);
  const nobody = await ask(log, 30);
  assert.equal(nobody.code, 1);
  assert.equal(
    nobody.out,
    `Nobody is known to have been ${PUBLIC} at 2026-11-25T12:00:30.000Z.
Before, until 2026-11-25T12:00:20.000Z, it was tcp 10.0.0.4:3000 of blue.
After, from 2026-11-25T12:00:40.000Z, it was tcp 10.0.0.5:3000 of blue.
`,
  );
});

test("several flows of one endpoint are one owner, ends that are logged late count as they say", async () => {
  const log = fileOf(
    begin(0) +
      line(10, "flow-begin") +
      line(12, "flow-begin") +
      line(100, "flow-begin", 5, { protocol: "udp" }) +
      line(13, "flow-begin") +
      line(20, "flow-end") +
      line(60, "flow-end") +
      line(15, "flow-end"),
  );
  const { owners } = JSON.parse((await ask(log, 59, "--json")).out);
  assert.deepEqual(owners, [
    {
      ...{ protocol: "tcp", vni: 101, source: "10.0.0.4:3000", seenByVni: 102, end: "exact" },
      ...{ vpc: "blue", seenBy: "green" },
      since: "2026-11-25T12:00:10.000Z",
      until: "2026-11-25T12:01:00.000Z",
    },
  ]);
  assert.equal((await ask(log, 59, "--protocol", "udp")).code, 1);
  assert.match((await ask(log, 101)).out, /^udp 10\.0\.0\.5:3000 of blue,.* and not over yet\n/);
});

test("the log does not reach so far, before and after", async () => {
  const log = fileOf(line(10, "flow-end") + line(20, "flow-begin", 5));
  const before = await ask(log, -100);
  assert.equal(before.code, 0);
  assert.match(before.out, /seen by green to \S+\n/);
  assert.match(before.out, /does not reach so far: it begins at 2026-11-25T12:00:10/);
  assert.match(before.out, /It had begun before the log does\./);
  const after = await ask(log, 100);
  assert.match(after.out, /The log ends before that, at 2026-11-25T12:00:20/);
  const empty = await ask(fileOf(""), 1);
  assert.deepEqual([empty.code, /The log is empty/.test(empty.out)], [1, true]);
});

test("starts and stops of the gateway end flows, and gaps and losses are told", async () => {
  const log = fileOf(
    begin(0) +
      line(10, "flow-begin", 4) +
      end(20, true) +
      begin(30) +
      line(40, "flow-begin", 5) +
      // It crashed.
      begin(50) +
      line(60, "flow-begin", 6) +
      end(70, false) +
      begin(90, false) +
      jsonMark({ event: "log-lost", records: 3 }, NOON + 95_000),
  );
  assert.match((await ask(log, 15)).out, /4:3000.* to \S+:20\.000Z\n/);
  const gap = await ask(log, 25);
  assert.equal(gap.code, 1);
  assert.match(gap.out, /Nothing was logged from \S+:20\.000Z to \S+:30\.000Z\./);
  assert.match(gap.out, /3 records of this log were lost/);
  assert.match((await ask(log, 45)).out, /5:3000.* to \S+:50\.000Z at the latest\n/);
  assert.match((await ask(log, 65)).out, /6:3000.* to \S+:10\.000Z at least\n/);
});

test("two who shared it are both told", async () => {
  const log = fileOf(begin(0) + line(10, "flow-begin", 4) + line(11, "flow-begin", 5));
  const { out, code } = await ask(log, 12);
  assert.equal(code, 0);
  assert.match(out, /4:3000.*\n.*5:3000.*\n(?:.*\n)?Several had it at that time/);
});

test("rotated files are read too, packed ones as well, in the order of their age", async () => {
  const log = fileOf(line(40, "flow-end", 5));
  writeFileSync(`${log}.1`, line(20, "flow-end", 4) + line(30, "flow-begin", 5));
  writeFileSync(`${log}.2.gz`, gzipSync(begin(0) + line(10, "flow-begin", 4)));
  writeFileSync(`${log}.bak`, "not a part of it");
  utimesSync(`${log}.2.gz`, 1000, 1000);
  utimesSync(`${log}.1`, 2000, 2000);
  const first = await ask(log, 15);
  assert.match(first.out, /^tcp 10\.0\.0\.4:3000.* from \S+:10\.000Z to \S+:20\.000Z\n$/);
  assert.match((await ask(log, 35)).out, /^tcp 10\.0\.0\.5:3000.* from \S+:30\.000Z to \S+:40/);
});

test("what cannot be read", async () => {
  const log = fileOf(begin(0) + line(10, "flow-begin").slice(0, -2));
  const torn = await ask(log, 15);
  assert.deepEqual([torn.code, /1 lines about it could not be read/.test(torn.out)], [1, true]);
  const missing = await ask(`${log}.nowhere`, 15);
  assert.deepEqual([missing.code, /there is no log/.test(missing.err)], [2, true]);
  const elsewhere = await ask("/nowhere/nat.jsonl", 15);
  assert.deepEqual(
    [elsewhere.code, elsewhere.err],
    [2, "isthmus: there is no log /nowhere/nat.jsonl; --log names another\n"],
  );
  writeFileSync(`${log}.3.gz`, "no such packing");
  const packed = await ask(log, 15);
  assert.deepEqual([packed.code, packed.err.includes(`${log}.3.gz: `)], [2, true]);
  for (const endpoint of ["198.51.100.7", "198.51.100.7:70000", "2001:db8::1:5", "blue:5"]) {
    const asked = await run("who-was", endpoint, "--at", "2026-11-25T12:00Z", "--log", log);
    assert.deepEqual([asked.code, asked.err.includes("no address and port")], [2, true], endpoint);
  }
  const when = await run("who-was", PUBLIC, "--at", "yesterday", "--log", log);
  assert.deepEqual([when.code, when.err.includes('"yesterday" is no time')], [2, true]);
  assert.equal(parseMoment("2026-02-30T12:00"), undefined);
  assert.equal(parseMoment("2028-02-29T12:00")?.from, Date.UTC(2028, 1, 29, 12));
});

test("a time means all that it does not say, and is UTC unless it says so", () => {
  assert.deepEqual(parseMoment("2026-11-25T12:00:00Z"), { from: NOON, to: NOON + 999 });
  assert.deepEqual(parseMoment("2026-11-25 12:00"), { from: NOON, to: NOON + 59_999 });
  assert.deepEqual(parseMoment("2026-11-25T13:30:00.25+0130"), {
    from: NOON + 250,
    to: NOON + 250,
  });
  for (const text of ["", "12:00", "2026-13-25T12:00", "2026-11-25", "2026-11-25T12:00.5"]) {
    assert.equal(parseMoment(text), undefined, text);
  }
});

property(
  "lines are found wherever a file is cut",
  [
    fc.array(fc.constantFrom("a needle", "nothing", "", "two pins", "a needle and a pin"), {
      maxLength: 12,
    }),
    fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 8 }),
    fc.boolean(),
  ],
  (all, cuts, ended) => {
    const text = Buffer.from(all.join("\n") + (ended ? "\n" : ""));
    const lines = new MatchingLines(["needle", "pin"]);
    const places = [0, ...cuts.sort((a, b) => a - b), text.length];
    const found = places
      .slice(1)
      .flatMap((place, index) => lines.take(text.subarray(places[index]!, place)));
    found.push(...lines.finish());
    assert.deepEqual(
      found,
      all.filter((each) => /needle|pin/.test(each)),
    );
  },
);
