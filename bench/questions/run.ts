// `npm run bench:questions [-- OPTIONS]`: what a running gateway with a million flows, and as many
// packets as it can carry, suffers from being asked. docs/performance.md says how to read it.

import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { supervise } from "../../src/live/supervisor.ts";
import { type Asked, ask, YAML } from "../../tests/run/api-client.ts";
import { fail, readOptions } from "../options.ts";
import { CHANNEL, configText, FLOWS, type TurnWindow } from "./world.ts";

const USAGE = `Usage: npm run bench:questions -- [options]

Asks a gateway with ${FLOWS} flows while it carries packets, and tells the longest time between
two batches, next to when nobody asks. Takes a minute and a half, two cores and 1 GiB.

  --rounds=N    how often each question is asked; 10 if not told
  --only=TEXT   only questions with TEXT in them
  -h, --help    this text
`;
const options = readOptions(USAGE, { rounds: { type: "string" }, only: { type: "string" } });
const rounds = Number(options.rounds ?? 10);
if (!(rounds >= 1)) fail("--rounds takes a number from 1 on", USAGE);

const PUBLIC = "20.0.0.0/16";
const READY_MILLIS = 120_000;
/** Between two questions; and longer than turns that were not told yet. */
const REST_MILLIS = 700;

const plan = (publicPrefix: string): Asked => {
  return { method: "POST", body: configText(publicPrefix), headers: YAML };
};
const QUESTIONS: Readonly<Record<string, readonly [target: string, asked?: Asked]>> = {
  "20 established flows of blue": ["/v1/flows?vpc=blue&state=established&limit=20"],
  "a flow that is not there": ["/v1/flows?port=9&limit=20"],
  "1,000 flows": ["/v1/flows?limit=1000"],
  metrics: ["/metrics"],
  pools: ["/v1/pools"],
  "drops and samples": ["/v1/drops/samples?limit=100"],
  stats: ["/v1/stats"],
  "plan: the same": ["/v1/config/plan", plan(PUBLIC)],
  "plan: half of the public addresses": ["/v1/config/plan", plan("20.0.0.0/17")],
  "plan: all flows end": ["/v1/config/plan", plan("21.0.0.0/16")],
};

interface Span {
  readonly from: number;
  readonly to: number;
}

const windows: TurnWindow[] = [];
const channel = new BroadcastChannel(CHANNEL);
channel.onmessage = ({ data }: MessageEvent) => {
  windows.push(...(data as TurnWindow[]));
};

function during(spans: readonly Span[]): TurnWindow[] {
  return windows.filter(({ at }) => spans.some(({ from, to }) => at >= from - 10 && at <= to));
}

function print(name: string, spans: readonly Span[], told = ""): void {
  const all = during(spans);
  const longest = all.map((each) => each.longestMillis).toSorted((a, b) => a - b);
  const packets = all.reduce((sum, each) => sum + each.packets, 0);
  const millis = all.reduce((sum, each) => sum + (each.packets / 256) * each.meanMillis, 0);
  const at = (share: number) => longest[Math.floor((longest.length - 1) * share)] ?? Number.NaN;
  const took = spans.map(({ from, to }) => to - from).toSorted((a, b) => a - b);
  const columns = [
    took[took.length >> 1]!.toFixed(0),
    took.at(-1)!.toFixed(0),
    (packets / millis / 1000).toFixed(2),
    at(0.5).toFixed(2),
    at(0.99).toFixed(2),
    at(1).toFixed(2),
  ];
  line(name, columns, told);
}

function line(name: string, columns: readonly string[], told: string): void {
  const cells = columns.map((text) => text.padStart(11)).join("");
  process.stdout.write(`${name.padEnd(36)}${cells}  ${told}\n`);
}

async function measure(socket: string): Promise<void> {
  line("", ["ms", "slowest ms", "Mpps", "batch p50", "p99", "longest"], "");
  const idle: Span[] = [];
  for (let round = 0; round < rounds; round++) idle.push(await span(() => sleep(1000)));
  await sleep(REST_MILLIS);
  print("nobody asks", idle);
  for (const [name, [target, asked]] of Object.entries(QUESTIONS)) {
    if (!name.includes(options.only ?? "")) continue;
    const spans: Span[] = [];
    let told = "";
    for (let round = 0; round < rounds; round++) {
      const asking = async () => {
        const { status, text } = await ask(socket, target, asked);
        told = status === 200 ? `${text.length} bytes` : `HTTP ${status}`;
      };
      spans.push(await span(asking));
      await sleep(REST_MILLIS);
    }
    print(name, spans, told);
  }
}

async function span(work: () => Promise<unknown>): Promise<Span> {
  const from = Date.now();
  await work();
  return { from, to: Date.now() };
}

async function untilReady(socket: string): Promise<void> {
  const until = Date.now() + READY_MILLIS;
  while (Date.now() < until) {
    const reply = await ask(socket, "/v1/ready").catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(200);
  }
  throw new Error("the gateway is not ready");
}

const folder = mkdtempSync(path.join(tmpdir(), "isthmus-bench-"));
const file = path.join(folder, "gateway.yaml");
const socket = path.join(folder, "api.sock");
const signals = new EventEmitter();
try {
  writeFileSync(file, configText(PUBLIC));
  const ended = supervise({
    file,
    watch: false,
    log: ({ level, message }) => {
      if (level === "warn" || level === "error") process.stderr.write(`${level}: ${message}\n`);
    },
    signals,
    apiSocket: socket,
    dataPath: new URL("data-path.ts", import.meta.url).href,
    silenceMillis: READY_MILLIS,
  });
  await untilReady(socket);
  await sleep(2000);
  await measure(socket);
  signals.emit("SIGTERM");
  await ended;
} finally {
  channel.close();
  rmSync(folder, { recursive: true, force: true });
}
