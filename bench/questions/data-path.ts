// A data path with a million flows and traffic of all of them, without a network: opened by the
// worker of a real supervisor. Tells how long its turns take.

import { alignedMemory } from "../../src/base/arena.ts";
import { systemClock, wallClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { Tap } from "../../src/live/capture/tap.ts";
import type { DataPath, OpenDataPath } from "../../src/live/data-path.ts";
import { BATCH_MAX } from "../../src/packet/limits.ts";
import { CHANNEL, FLOWS, FlowPacket, type TurnWindow } from "./world.ts";

const WINDOW_MILLIS = 10;
/** Windows that are told together. */
const TOLD = 50;

export const openDataPath: OpenDataPath = (config): DataPath => {
  const random = seededRandom(1);
  const parts = { random, memory: alignedMemory };
  const gateway = new Gateway({ ports: "sequential", flowCapacity: FLOWS }, parts);
  gateway.apply(config);
  const raw = { link: "raw-ip", vxlan: false } as const;
  const blue = gateway.addInterface({ name: "blue0", vpc: "blue", ...raw });
  const green = gateway.addInterface({ name: "green0", vpc: "green", ...raw });
  const [packet, reply] = [new FlowPacket(false), new FlowPacket(true)];
  const turns = new Turns();

  function run(now: number): void {
    gateway.run(now);
    gateway.clear();
  }

  /** Once each way and once more, so that all are established. */
  function openFlows(): void {
    const now = Math.floor(systemClock.now());
    for (let pass = 0; pass < 3; pass++) {
      const isReply = pass === 1;
      for (let flow = 0; flow < FLOWS; flow++) {
        const bytes = (isReply ? reply : packet).become(flow);
        gateway.receive(isReply ? green : blue, bytes);
        if (flow % BATCH_MAX === BATCH_MAX - 1) run(now);
      }
      run(now);
    }
    const { flows } = gateway.tracked();
    if (flows !== FLOWS) throw new Error(`${flows} flows instead of ${FLOWS}`);
  }

  openFlows();
  gateway.forgetCounts();
  return {
    gateway,
    tap: new Tap(gateway),
    fds: [-1],
    flowEvents: gateway.parts.flows.events,
    turn(now) {
      turns.begin();
      for (let i = 0; i < BATCH_MAX; i++) {
        const isReply = (i & 1) === 1;
        const bytes = (isReply ? reply : packet).become(random.below(FLOWS));
        gateway.receive(isReply ? green : blue, bytes);
      }
      run(now);
      return true;
    },
    due: () => 0,
    apply: (next) => ({ ...gateway.apply(next), notices: [] }),
    interfaces: () => [],
    counts: () => ({
      gateway: gateway.counts(),
      interfaces: new Map(),
      batches: { counts: [], sum: 0 },
    }),
    close: () => turns.close(),
  };
};

/** Times between the beginnings of turns: what a packet waits for at most, if it comes while the
 * gateway is at something else. */
class Turns {
  readonly #channel = new BroadcastChannel(CHANNEL);
  #windows: TurnWindow[] = [];
  #last = 0;
  #began = 0;
  #at = 0;
  #longest = 0;
  #count = 0;

  begin(): void {
    const now = systemClock.now();
    if (this.#last > 0) {
      this.#longest = Math.max(this.#longest, now - this.#last);
      this.#count++;
    }
    this.#last = now;
    if (now - this.#began < WINDOW_MILLIS) return;
    if (this.#count > 0) this.#tell(now);
    this.#began = now;
    this.#at = wallClock.now();
    this.#longest = 0;
    this.#count = 0;
  }

  #tell(now: number): void {
    const meanMillis = (now - this.#began) / this.#count;
    const packets = this.#count * BATCH_MAX;
    this.#windows.push({ at: this.#at, longestMillis: this.#longest, meanMillis, packets });
    if (this.#windows.length < TOLD) return;
    this.#channel.postMessage(this.#windows);
    this.#windows = [];
  }

  close(): void {
    this.#channel.close();
  }
}
