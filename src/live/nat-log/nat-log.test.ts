import assert from "node:assert/strict";
import { test } from "node:test";
import { NatEvents, natConfig } from "../../../tests/support/nat-events.ts";
import { wallTimeOf } from "../../base/clock.ts";
import type { NatLogTarget, Vpc } from "../../config/model.ts";
import {
  ENDPOINT_BEGIN,
  ENDPOINTS,
  FLOWS,
  FlowEvents,
  NOTHING,
  RECORD_WORDS,
} from "../../tables/flow-events.ts";
import type { LogLine } from "../data-path.ts";
import { EventFeed } from "./event-feed.ts";
import type { LogMark } from "./json-lines.ts";
import { NatLog } from "./nat-log.ts";
import type { EventBlock } from "./record.ts";
import type { Sink } from "./sinks.ts";

const KEY = Int32Array.of((101 << 8) | 6, 102, 0x0a000004, 3000);
const ADDRESS = Uint8Array.of(198, 51, 100, 7);
const ENDPOINTS_LOG = { what: "endpoints", destinations: false, to: [] } as const;

/** The worker's end, with an account of what it has posted. */
function feedOf() {
  const events = new FlowEvents();
  const blocks: EventBlock[] = [];
  const account = { taken: 0 };
  const feed = new EventFeed(events, {
    post: (block) => blocks.push(block),
    taken: () => account.taken,
    wallMillis: () => 1_000_000,
  });
  feed.follow(ENDPOINTS_LOG, 0);
  const add = (count: number) => {
    for (let i = 0; i < count; i++) events.endpoint(ENDPOINT_BEGIN, KEY, 0, ADDRESS, i & 0xffff);
  };
  return { events, blocks, account, feed, add };
}

test("times are those of the turn, however late in it the block is made", () => {
  const wall = { now: () => 1_700_000_005_070 };
  const monotonic = { now: () => 5070.7 };
  const blocks: EventBlock[] = [];
  const events = new FlowEvents();
  const feed = new EventFeed(events, {
    post: (block) => blocks.push(block),
    taken: () => 0,
    wallMillis: (now) => wallTimeOf(now, wall, monotonic),
  });
  feed.follow(ENDPOINTS_LOG, 0);
  events.endpoint(ENDPOINT_BEGIN, KEY, 0, ADDRESS, 1);
  feed.drain(5010);
  assert.deepEqual([blocks[0]!.tick, blocks[0]!.millis], [50, 1_700_000_004_999]);
});

test("few records wait a little for others, many do not", () => {
  const { blocks, feed, add } = feedOf();
  feed.drain(1000);
  assert.equal(blocks.length, 0);
  add(1);
  feed.drain(1000);
  add(1);
  feed.drain(1099);
  assert.deepEqual(
    blocks.map(({ count }) => count),
    [1],
  );
  feed.drain(1100);
  add(600);
  feed.drain(1101);
  assert.deepEqual(
    blocks.map(({ count }) => count),
    [1, 1, 600],
  );
  assert.equal(blocks[2]!.words.length, 600 * RECORD_WORDS);
  assert.deepEqual([blocks[2]!.tick, blocks[2]!.millis], [11, 1_000_000 - 1]);
});

test("a main thread that is busy is sent no more than it has room for; then records are lost", () => {
  const { events, blocks, account, feed, add } = feedOf();
  for (let turn = 0; turn < 100; turn++) {
    add(1024);
    feed.drain(turn);
  }
  assert.equal(blocks.length, 16);
  assert.deepEqual([events.count, events.lost], [32_768, (100 - 16 - 32) * 1024]);
  account.taken = 1;
  feed.drain(200);
  assert.deepEqual([blocks.length, blocks.at(-1)!.lost], [17, 52 * 1024]);
  feed.flush(300);
  assert.equal(events.count, 0);
  assert.equal(
    blocks.reduce((sum, { count }) => sum + count, 0),
    48 * 1024,
  );
});

test("records lost without a later one are told too", () => {
  const { events, blocks, feed } = feedOf();
  events.lost = 3;
  feed.drain(1000);
  feed.drain(2000);
  assert.deepEqual(
    blocks.map(({ count, lost }) => [count, lost]),
    [[0, 3]],
  );
});

/** A log whose places remember what they are told. */
function logOf() {
  const lines: LogLine[] = [];
  const told: string[] = [];
  const sinks = new Map<string, { lost: number; trouble: string | undefined }>();
  const clock = { now: 0 };
  /** What the disk and the network still need. */
  const closing: { promise: Promise<void> | undefined } = { promise: undefined };
  const open = (target: NatLogTarget) => {
    const place = target.kind === "file" ? target.path : target.host;
    const state = { lost: 0, trouble: undefined as string | undefined };
    sinks.set(place, state);
    const rest = ({ event: _event, ...more }: LogMark) => JSON.stringify(more);
    return {
      kind: target.kind,
      place,
      get lost() {
        return state.lost;
      },
      get trouble() {
        return state.trouble;
      },
      write: (records: readonly unknown[]) => {
        if (records.length > 0) told.push(`${place} ${records.length}`);
      },
      mark: (mark: LogMark) => told.push(`${place} ${mark.event} ${rest(mark)}`),
      reopen: () => told.push(`${place} reopen`),
      close: async () => {
        told.push(`${place} close`);
        await closing.promise;
      },
    };
  };
  const log = new NatLog({ log: (line) => lines.push(line), now: () => clock.now, open });
  const follow = (what: "flows" | "endpoints", ...paths: string[]) =>
    followAll(
      what,
      paths.map((each) => ({ kind: "file", path: each }) as const),
    );
  const followAll = (what: "flows" | "endpoints", to: readonly NatLogTarget[]) => {
    const natLog = to.length === 0 ? undefined : { what, destinations: false, to };
    log.follow({ natLog, vpcs: [{ name: "blue", vni: 101 } as Vpc] });
  };
  const take = () => told.splice(0);
  return { log, lines, clock, sinks, closing, follow, followAll, take };
}

test("places come and go with configurations, and the log says from when to when it is whole", async () => {
  const { log, follow, take } = logOf();
  follow("flows", "/a");
  assert.deepEqual(take(), ['/a log-begin {"start":true,"what":"flows"}']);
  follow("flows", "/a", "/b");
  assert.deepEqual(take(), ['/b log-begin {"start":false,"what":"flows"}']);
  follow("endpoints", "/a");
  assert.deepEqual(take(), [
    '/a log-end {"stop":false}',
    '/a log-begin {"start":false,"what":"endpoints"}',
    '/b log-end {"stop":false}',
    "/b close",
  ]);
  log.reopen();
  await log.close();
  assert.deepEqual(take(), ["/a reopen", '/a log-end {"stop":true}', "/a close"]);
});

test("what is lost is told to the log once a minute, and to the NAT log itself at once", () => {
  const { log, lines, clock, sinks, follow, take } = logOf();
  follow("flows", "/a");
  take();
  const words = new Int32Array(2 * RECORD_WORDS);
  log.take({ words, count: 2, tick: 0, millis: 0, lost: 0 });
  log.take({ words, count: 0, tick: 0, millis: 0, lost: 5 });
  assert.deepEqual(take(), ["/a 2", '/a log-lost {"records":5}']);
  const state = sinks.get("/a")!;
  state.lost = 7;
  state.trouble = "no space left";
  clock.now = 59_999;
  log.tick();
  assert.deepEqual(
    lines.map(({ message }) => message),
    ["the NAT log to /a does not go well: no space left"],
  );
  clock.now = 60_000;
  log.tick();
  clock.now = 120_000;
  log.tick();
  assert.deepEqual(
    lines.slice(1).map(({ level, message }) => `${level}: ${message}`),
    [
      "warn: 5 records of the NAT log were lost: the main thread did not keep up",
      "warn: 7 records of the NAT log to /a were lost: no space left",
    ],
  );
});

test("a place that goes says what it has lost, and one that comes back begins anew", () => {
  const { log, lines, clock, sinks, follow } = logOf();
  const lose = (lost: number) => Object.assign(sinks.get("/a")!, { lost, trouble: "full" });
  follow("flows", "/a");
  lose(7);
  follow("flows", "/b");
  follow("flows", "/a");
  lose(3);
  clock.now = 60_000;
  log.tick();
  assert.deepEqual(
    lines.map(({ message }) => message),
    [
      "7 records of the NAT log to /a were lost: full",
      "the NAT log to /a does not go well: full",
      "3 records of the NAT log to /a were lost: full",
    ],
  );
});

/** A block of records that nobody looks into. */
function blockOf(count: number, lost: number): EventBlock {
  return { words: new Int32Array(count * RECORD_WORDS), count, tick: 0, millis: 0, lost };
}

test("counts of a place go on while it is closed, and when it comes back", async () => {
  const { log, sinks, closing, follow } = logOf();
  const read = () => log.read().map((each) => Object.values(each));
  log.take(blockOf(0, 3));
  follow("flows", "/a");
  assert.deepEqual(read(), [["file", "/a", true, 0, 0, 0, undefined]]);
  log.take(blockOf(10, 8));
  Object.assign(sinks.get("/a")!, { lost: 7, trouble: "full" });
  assert.deepEqual(read(), [["file", "/a", true, 10, 7, 5, "full"]]);
  const { promise, resolve } = Promise.withResolvers<void>();
  closing.promise = promise;
  const first = sinks.get("/a")!;
  follow("flows", "/b");
  // Something was on its way to the disk.
  first.lost = 9;
  log.take(blockOf(1, 9));
  const after = ["file", "/a", false, 10, 9, 5, "full"];
  assert.deepEqual(read(), [after, ["file", "/b", true, 1, 0, 1, undefined]]);
  resolve();
  await promise;
  await new Promise(setImmediate);
  assert.deepEqual(read()[0], after);
  follow("flows", "/a");
  log.take(blockOf(2, 9));
  Object.assign(sinks.get("/a")!, { lost: 1, trouble: "slow" });
  assert.deepEqual(read()[0], ["file", "/a", true, 12, 10, 5, "slow"]);
});

test("what is lost while a place is being closed is told too", async () => {
  const { log, lines, sinks, closing, follow } = logOf();
  closing.promise = Promise.resolve().then(() => {
    sinks.get("/a")!.lost = 4;
  });
  follow("flows", "/a");
  await log.close();
  assert.deepEqual(
    lines.map(({ message }) => message),
    ["4 records of the NAT log to /a were lost: undefined"],
  );
});

test("syslog and IPFIX to one host and port are two places", async () => {
  const { log, lines, clock, sinks, followAll } = logOf();
  const at = { host: "192.0.2.9", port: 514 };
  followAll("flows", [{ kind: "syslog", ...at, facility: 16 }]);
  Object.assign(sinks.get(at.host)!, { lost: 5, trouble: "away" });
  followAll("flows", [
    { kind: "syslog", ...at, facility: 16 },
    { kind: "ipfix", ...at },
  ]);
  Object.assign(sinks.get(at.host)!, { lost: 2, trouble: "away" });
  clock.now = 60_000;
  log.tick();
  assert.deepEqual(
    lines.map(({ message }) => message.replace("192.0.2.9", "…")),
    [
      "5 records of the NAT log to … were lost: away",
      "the NAT log to … does not go well: away",
      "the NAT log to … does not go well: away",
      "2 records of the NAT log to … were lost: away",
    ],
  );
  assert.deepEqual(
    log.read().map(({ kind, notTaken }) => [kind, notTaken]),
    [
      ["syslog", 5],
      ["ipfix", 2],
    ],
  );
  // Another facility: the same place, by another sender.
  followAll("flows", [{ kind: "syslog", ...at, facility: 3 }]);
  assert.deepEqual(
    log.read().map(({ kind, open }) => [kind, open]),
    [
      ["syslog", true],
      ["ipfix", false],
    ],
  );
});

test("whoever listens gets all flows, and the log none more than it wants", () => {
  const { events, feed } = feedOf();
  feed.watch(true, 0);
  assert.equal(events.what, FLOWS | ENDPOINTS);
  feed.follow(undefined, 0);
  assert.equal(events.what, FLOWS);
  feed.watch(false, 0);
  assert.equal(events.what, NOTHING);
  feed.follow(ENDPOINTS_LOG, 0);
  assert.equal(events.what, ENDPOINTS);

  for (const [what, destinations, expected] of [
    ["endpoints", false, ["endpoint-begin ", "flow-begin "]],
    ["flows", true, ["flow-begin 203.0.113.8", "flow-begin 203.0.113.8"]],
    ["flows", false, ["flow-begin ", "flow-begin "]],
  ] as const) {
    const written: string[] = [];
    const sink: Sink = {
      kind: "file",
      place: "here",
      lost: 0,
      trouble: undefined,
      write: (records) => {
        for (const { event, destination } of records) {
          written.push(`${event} ${destination?.address.join(".") ?? ""}`);
        }
      },
      mark: () => {},
      reopen: () => {},
      close: async () => {},
    };
    const log = new NatLog({ log: () => {}, now: () => 0, open: () => sink });
    const to = [{ kind: "file", path: "/a" }] as unknown as readonly NatLogTarget[];
    log.follow({ natLog: { what, destinations, to }, vpcs: [] });
    const shared = { mapping: "address-and-port-dependent" };
    const both = FLOWS | ENDPOINTS;
    for (const options of [{}, shared]) {
      const flows = new NatEvents(natConfig(options), both, true);
      flows.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
      log.take(flows.block(1000));
    }
    assert.deepEqual(written, expected, what);
  }
});

test("what is lost of the events of others is no loss of a log that there is not", async () => {
  const lines: LogLine[] = [];
  const log = new NatLog({
    log: (line) => lines.push(line),
    now: () => 0,
    open: () => assert.fail("there is no place"),
  });
  log.follow({ natLog: undefined, vpcs: [] });
  log.take({ words: new Int32Array(0), count: 0, tick: 0, millis: 0, lost: 7 });
  await log.close();
  assert.deepEqual(lines, []);
});
