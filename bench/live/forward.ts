// A gateway that does nothing: what comes in goes out at the other side with other MAC addresses.
// The ceiling of a driver, as a process of its own.
//
//   node forward.ts cable|vxlan af-packet|af-xdp [native|generic]

import { alignedMemory } from "../../src/base/arena.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { loadSystem } from "../../src/drivers/linux/sys.ts";
import { Waiter } from "../../src/drivers/linux/waiter.ts";
import type { XdpMode } from "../../src/drivers/linux/xdp-program.ts";
import { Batch } from "../../src/packet/batch.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { macBytes } from "./frames.ts";
import { MACS } from "./topology.ts";

/** A way through: in by one driver, out by the other, and the addresses of its frames. */
interface Way {
  readonly from: Driver;
  readonly to: Driver;
  /** Destination and source. */
  readonly macs: Int32Array;
}

const SLEEP_MILLIS = 100;
const system = await loadSystem();
const [scenario, kind, mode] = process.argv.slice(2);
const pool = new PacketPool({ memory: alignedMemory });
const batch = new Batch();
let ending = false;

function open(name: string): Driver {
  if (kind === "af-packet") return openAfPacket({ interface: name, exclusive: true }, system);
  return openAfXdp({ interface: name, mode: mode as XdpMode | undefined }, system);
}

function way(from: Driver, to: Driver, destination: string, source: string): Way {
  const bytes = Uint8Array.from([...macBytes(destination), ...macBytes(source)]);
  return { from, to, macs: new Int32Array(bytes.buffer) };
}

function ways(): readonly Way[] {
  const blue = open("blue0");
  if (scenario === "vxlan") return [way(blue, blue, MACS.near0, MACS.blue0)];
  const green = open("green0");
  return [way(blue, green, MACS.far0, MACS.green0), way(green, blue, MACS.near0, MACS.blue0)];
}

function forward({ from, to, macs }: Way): number {
  batch.count = 0;
  const count = from.receive(pool, batch, 0);
  if (count === 0) return 0;
  for (let i = 0; i < count; i++) {
    const start = pool.start[batch.rows[i]!]! >> 2;
    pool.words[start] = macs[0]!;
    pool.words[start + 1] = macs[1]!;
    pool.words[start + 2] = macs[2]!;
  }
  to.transmit(pool, batch.rows, count);
  pool.releaseMany(batch.rows, count);
  return count;
}

/** So that signals are heard. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const all = ways();
const waiter = new Waiter(system, [...new Set(all.map(({ from }) => from.fd))]);
process.on("SIGTERM", () => {
  ending = true;
});
while (!ending) {
  for (let i = 0; i < 256; i++) {
    let count = 0;
    for (const each of all) count += forward(each);
    if (count === 0 && waiter.wait(SLEEP_MILLIS)) continue;
    if (count === 0) break;
  }
  await rest();
}
