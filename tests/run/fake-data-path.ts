// A data path without a network, to be opened by the worker: frames that lie in a memory wire, and
// the mishap that the URL asks for, such as fake-data-path.ts?hang.

import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Config } from "../../src/config/model.ts";
import { testFrame } from "../../src/drivers/contract.ts";
import { buildMemoryWire } from "../../src/drivers/memory.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { Tap } from "../../src/live/capture/tap.ts";
import type { DataPath, OpenDataPath } from "../../src/live/data-path.ts";
import { Batch } from "../../src/packet/batch.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";

const mishap = new URL(import.meta.url).search.slice(1);
/** More than three batches. */
const FRAMES = 1000;

export const openDataPath: OpenDataPath = (config, log): DataPath => {
  if (mishap === "no-interface") {
    throw new Error(`${config.file}:1: there is no interface "veth-blue" on this machine`);
  }
  const gateway = new Gateway({}, { random: seededRandom(1) });
  gateway.apply(config);
  const [near, far] = buildMemoryWire({ names: ["near0", "far0"] });
  const tap = new Tap(gateway);
  const pool = new PacketPool();
  const batch = new Batch();
  let turns = 0;
  let current = config;
  log({ level: "info", message: `opened with ${config.vpcs.length} VPCs` });

  /** As if they had come just now. */
  function fill(): void {
    for (let index = 0; index < FRAMES; index++) {
      const row = pool.allocate();
      const frame = testFrame(index, 60);
      pool.bytes.set(frame, pool.open(row, 0, frame.length));
      far.transmit(pool, Int32Array.of(row), 1);
      pool.release(row);
    }
  }

  /** A packet from a host to another, which makes a flow. */
  function open(): void {
    const blue = gateway.addInterface({ name: "b", link: "raw-ip", vpc: "blue", vxlan: false });
    const packet = parsePacket("udp 10.0.0.4:3000 > 203.0.113.8:53");
    gateway.receive(blue, buildPacket(packet));
    if (tap.isOpen) tap.before();
    const ran = gateway.run(Math.floor(systemClock.now()));
    if (tap.isOpen) tap.after(ran);
    gateway.clear();
  }

  function act(): void {
    turns++;
    if (mishap === "flow" && turns === 3) open();
    if (turns < 3) return;
    if (mishap === "hang") for (;;);
    if (mishap === "crash") throw new Error("a column is not what it was");
  }

  function apply(next: Config) {
    if (next.vpcs.some(({ name }) => name === "elsewhere")) {
      throw new Error(`${next.file}:1: there is no interface "elsewhere0" on this machine`);
    }
    fill();
    return { ...gateway.apply(next), notices: [`there are ${next.vpcs.length} VPCs now`] };
  }

  return {
    gateway,
    tap,
    fds: [-1],
    flowEvents: gateway.parts.flows.events,
    turn() {
      act();
      batch.count = 0;
      const came = near.receive(pool, batch, 0);
      pool.releaseMany(batch.rows, batch.count);
      return came > 0 || mishap === "endless";
    },
    due: () => Number.POSITIVE_INFINITY,
    apply(next) {
      current = next;
      return apply(next);
    },
    interfaces: () => {
      const facts = { mac: "02:00:00:00:00:01", mtuBytes: 1500, counters: near.counters() };
      const vpc = current.vpcs[0]?.name ?? null;
      return [{ name: "near0", vpc, driver: "memory", state: "up", ...facts }];
    },
    counts: () => ({
      gateway: gateway.counts(),
      interfaces: new Map([["near0", near.counters()]]),
      batches: { counts: [], sum: 0 },
    }),
    close: () => log({ level: "info", message: "closed" }),
  };
};
