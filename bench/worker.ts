// One scenario in a process of its own. Does rounds when told, and answers with nanoseconds a
// packet.

import "../src/cli/compiler-limits.ts";
import { flushCompileCache } from "node:module";
import { Arena, alignedMemory } from "../src/base/arena.ts";
import { seededRandom } from "../src/base/random.ts";
import { loadConfig } from "../src/config/load.ts";
import type { NetworkFunction } from "../src/functions/network-function.ts";
import { compile } from "../src/gateway/compile.ts";
import { makeFlows } from "../src/gateway/flows.ts";
import { neighborTables } from "../src/gateway/neighborhood.ts";
import { gatewaySteps } from "../src/gateway/steps.ts";
import { natModes } from "../src/nat/modes.ts";
import { Batch } from "../src/packet/batch.ts";
import { copyQuads } from "../src/packet/copy-quads.ts";
import { BATCH_MAX } from "../src/packet/limits.ts";
import { PacketPool } from "../src/packet/packet-pool.ts";
import { SENT } from "../src/packet/verdict.ts";
import { Pipeline } from "../src/pipeline/pipeline.ts";
import { directionCounts } from "../src/tables/direction-counters.ts";
import { FLOWS, RECORD_WORDS } from "../src/tables/flow-events.ts";
import { InterfaceTable, VXLAN } from "../src/tables/interface-table.ts";
import { EMPTY_SNAPSHOT, type SnapshotHolder } from "../src/tables/snapshot.ts";
import type { Scenario } from "./scenarios.ts";
import { adjacency, configText, flowFrames, frames, patchFlow } from "./world.ts";

/** Flows drawn beforehand. */
const PICKS = 2 ** 21;
/** Frames of the source ring: more than a batch, few enough to lie in L2 as after a NIC's DMA. */
const RING_FRAMES = 4096;
const RING_STRIDE = 192;
/** More than a batch begins and ends. */
const BLOCK_RECORDS = 1024;
const RING_QUADS = RING_STRIDE / 8;

const scenario = JSON.parse(process.argv[2] ?? "") as Scenario;
/** Whether the time of each step is asked for, which costs a little itself. */
const timed = process.argv[3] === "timed";
const stepMillis = new Map<string, number>();
const pool = new PacketPool({ memory: alignedMemory });
const holder: SnapshotHolder = { current: EMPTY_SNAPSHOT };
const flows = makeFlows(
  { ports: "sequential", flowCapacity: capacity() },
  seededRandom(1),
  alignedMemory,
  holder,
);
const { pipeline, compileMillis } = makePipeline();
const batch = new Batch();
const { quads } = pool;
const { rows } = batch;
const { ring, frameLength } = makeRing();
const frameQuads = (frameLength + 7) >> 3;
/** Whether each frame is made one of a flow, and half of them answers. */
const choosing = scenario.flows > 0;
const mixed = scenario.fresh < 1000;
let next = 0;
/** Milliseconds: moves so that flows that are not used again make way for new ones. */
let now = 0;
let newest = scenario.flows;
const random = seededRandom(2);
const order = drawOrder();
/** What a writer of NAT logs would be given. */
const block = new Int32Array(BLOCK_RECORDS * RECORD_WORDS);
let taken = 0;
/** Microseconds of each batch of a round. */
const micros = new Float64Array(8192);

/** Most flows at a time: some room beside those that are used again and again. */
function capacity(): number {
  return scenario.flows === 64_000 || scenario.fresh === 1000
    ? 131_072
    : Math.max(scenario.flows, 1024);
}

function makePipeline(): { pipeline: Pipeline; compileMillis: number } {
  const { config, issues } = loadConfig(configText(scenario), "bench.yaml", natModes);
  if (config === undefined) throw new Error(issues[0]?.message);
  const began = performance.now();
  const { snapshot, names } = compile(config, {
    modes: natModes,
    adjacency,
    nat: flows.nat,
    timersOf: flows.setTimers(config.timers),
  });
  const compileMillis = performance.now() - began;
  const interfaces = new InterfaceTable();
  interfaces.add(scenario.vxlan ? VXLAN : 0);
  const interfaceVpcs = Int32Array.of(scenario.vxlan ? -1 : 0);
  holder.current = { ...snapshot, generation: 1, interfaceVpcs };
  const counters = { current: directionCounts(names.directions.length) };
  const next = neighborTables(flows.hashKey, alignedMemory, false);
  const shared = { flows, pool, interfaces, snapshot: holder, counters, next };
  const steps = scenario.kind === "gateway" ? gatewaySteps(shared).steps : [sendAll()];
  return {
    pipeline: new Pipeline(pool, counters, timed ? steps.map(timeStep) : steps),
    compileMillis,
  };
}

/** The step, with its time added up. */
function timeStep(step: NetworkFunction): NetworkFunction {
  const { name } = step;
  stepMillis.set(name, 0);
  const process: NetworkFunction["process"] = (packets, at) => {
    const began = performance.now();
    const decided = step.process(packets, at);
    stepMillis.set(name, stepMillis.get(name)! + performance.now() - began);
    return decided;
  };
  return { ...step, process };
}

/** Nanoseconds a packet in each step since the last time it was asked. */
function takeSteps(batches: number): readonly [string, number][] {
  const all = [...stepMillis].map(([name, millis]) => {
    stepMillis.set(name, 0);
    return [name, (millis * 1e6) / (batches * BATCH_MAX)] as [string, number];
  });
  return all;
}

/** A pipeline's own cost: one step that sends every packet. */
function sendAll(): NetworkFunction {
  const { verdict } = pool;
  return {
    name: "send-all",
    reads: [],
    writes: [],
    process({ rows, count }) {
      for (let i = 0; i < count; i++) verdict[rows[i]!] = SENT;
      return count;
    },
  };
}

function makeRing(): { ring: BigInt64Array; frameLength: number } {
  const slab = new Arena(RING_FRAMES * RING_STRIDE, alignedMemory).slab(RING_FRAMES * RING_STRIDE);
  const pair = flowFrames(scenario);
  const all =
    scenario.flows > 0
      ? Array.from(
          { length: RING_FRAMES },
          (_, index) => pair[scenario.fresh < 1000 ? index & 1 : 0]!,
        )
      : frames(scenario, RING_FRAMES);
  for (const [index, frame] of all.entries()) slab.bytes.set(frame, index * RING_STRIDE);
  return { ring: slab.quads, frameLength: all[0]?.length ?? 0 };
}

/** As a driver does it: rows, their columns, the bytes. */
function receive(): void {
  batch.count = pool.allocateMany(rows, BATCH_MAX);
  for (let i = 0; i < batch.count; i++) {
    const to = pool.open(rows[i]!, 0, frameLength) >> 3;
    const from = (next & (RING_FRAMES - 1)) * RING_QUADS;
    next = (next + 1) | 0;
    copyQuads(quads, to, ring, from, frameQuads);
    if (choosing) choose(to << 3, mixed && (next & 1) === 0);
  }
}

/** Makes the frame at `at` one of a flow at random, or the first of a new one. */
function choose(at: number, reply: boolean): void {
  const fresh = scenario.fresh > 0 && !reply && random.below(500) < scenario.fresh;
  const flow = fresh ? newest++ : order[next & (PICKS - 1)]!;
  patchFlow(scenario, pool.view, at, flow, reply);
}

/** Flows at random, drawn beforehand: the traffic's choice is not the gateway's time. */
function drawOrder(): Int32Array {
  return Int32Array.from({ length: scenario.flows > 0 ? PICKS : 0 }, () =>
    random.below(scenario.flows),
  );
}

/** Flows 0 to `count` - 1, once in each direction and once more, so that all are established. */
function openFlows(count: number): void {
  const pair = flowFrames(scenario);
  for (let pass = 0; pass < 3; pass++) {
    const frame = pair[pass & 1]!;
    for (let flow = 0; flow < count; flow += batch.count) {
      batch.count = 0;
      for (let i = flow; i < Math.min(flow + BATCH_MAX, count); i++) {
        const row = pool.allocate();
        const at = pool.open(row, 0, frame.length);
        pool.bytes.set(frame, at);
        patchFlow(scenario, pool.view, at, i, pass === 1);
        batch.push(row);
      }
      pipeline.process(batch, now);
      for (let i = 0; i < batch.count; i++) pool.release(batch.rows[i]!);
    }
  }
}

function release(): void {
  pool.releaseMany(rows, batch.count);
}

/** Nanoseconds a packet over `batches` batches. */
function round(batches: number): number {
  const run = scenario.kind !== "copy";
  const began = performance.now();
  let last = began;
  for (let i = 0; i < batches; i++) {
    receive();
    if (run) pipeline.process(batch, now);
    now += scenario.fresh / 2;
    release();
    if (scenario.logged) taken += flows.events.take(block, BLOCK_RECORDS);
    const time = performance.now();
    micros[i] = (time - last) * 1000;
    last = time;
  }
  return ((last - began) * 1e6) / (batches * BATCH_MAX);
}

/** The time that 999 of 1,000 batches of the last round took at most. */
function slowest(batches: number): number {
  return micros.slice(0, batches).sort()[Math.floor(batches * 0.999)]!;
}

/** What V8 takes to compile the opening of flows and for young objects is not to be counted as what
 * flows take: a few are opened, and end, again and again. */
function warmUp(): void {
  let kept: object[] = [];
  for (let i = 0; i < 4_000_000; i++) {
    if (kept.length === 100_000) kept = [];
    kept.push({ i });
  }
  for (let pass = 0; pass < 500; pass++) {
    openFlows(Math.min(64, scenario.flows));
    now += 10 * 3600 * 1000;
  }
}

/** Every packet must have been sent, or dropped where that is measured: otherwise the number means
 * nothing. */
function check(): void {
  if (scenario.kind === "copy") return;
  const sent = pipeline.verdicts[SENT]!;
  if (sent !== (scenario.dropped ? 0 : pipeline.received)) {
    throw new Error(`${scenario.name}: ${pipeline.received} in, ${sent} out`);
  }
  const { lost } = flows.events;
  if (scenario.logged && (taken === 0 || lost > 0)) {
    throw new Error(`${scenario.name}: ${taken} records taken, ${lost} lost`);
  }
}

if (scenario.kind === "gateway") warmUp();
const rssBefore = process.memoryUsage.rss();
if (scenario.kind === "gateway") openFlows(scenario.flows);
/** What the flows took of the machine, bookkeeping included. */
const mebibytes = (process.memoryUsage.rss() - rssBefore) / 2 ** 20;
if (scenario.logged) flows.events.record(FLOWS, false, 16_384);
round(2000); // Warm: compiled code and caches as in a running gateway.
check();
flushCompileCache(); // For the processes to come: run.ts.
process.send?.({ ready: true, frameLength, compileMillis, mebibytes });
process.on("message", (batches: number) => {
  takeSteps(batches);
  const nanos = round(batches);
  process.send?.({ nanos, micros: slowest(batches), steps: takeSteps(batches) });
});
