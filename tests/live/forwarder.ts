// Run by whole.test.ts in a process of its own, in a namespace: a small gateway with a port in each
// of two VPCs, until a file appears. The argument is a `ForwarderOptions` as JSON. At the end it
// writes what its drivers and its pipeline have counted to standard output.

import { existsSync } from "node:fs";
import { systemClock } from "../../src/base/clock.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { finishing } from "../../src/drivers/linux/finishing.ts";
import { loadSystem } from "../../src/drivers/linux/sys.ts";
import { Waiter } from "../../src/drivers/linux/waiter.ts";
import { Batch } from "../../src/packet/batch.ts";
import { BATCH_MAX } from "../../src/packet/limits.ts";
import { SENT } from "../../src/packet/verdict.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { makeDataPath } from "../support/data-path.ts";

export interface ForwarderPort {
  readonly interface: string;
  /** "AF_PACKET", whole or not; or "AF_XDP", which cannot send what is not finished. */
  readonly driver: "whole" | "cut" | "AF_XDP";
  /** MAC address of the one host there. */
  readonly host: string;
}

export interface ForwarderOptions {
  /** Of two VPCs; a port in each. */
  readonly config: string;
  readonly ports: readonly [ForwarderPort, ForwarderPort];
  /** Appears when it is to end. */
  readonly stop: string;
}

const options: ForwarderOptions = JSON.parse(process.argv[2]!);
const system = await loadSystem();

function open(port: ForwarderPort): Driver {
  if (port.driver === "AF_XDP") {
    return finishing(openAfXdp({ interface: port.interface }, system));
  }
  const whole = port.driver === "whole";
  return openAfPacket({ interface: port.interface, whole, exclusive: true }, system);
}

const { pool, pipeline, answer, pieces } = makeDataPath(options.config, undefined, 1024);
const drivers = options.ports.map(open);
const hosts = options.ports.map(({ host }) => parseMac(host)!);
const waiter = new Waiter(
  system,
  drivers.map(({ fd }) => fd),
);
const batch = new Batch();
const answers = new Batch();
const causes = new Int32Array(BATCH_MAX);
const out = new Int32Array(BATCH_MAX);
let answered = 0;

/** Takes what waits at a port through the gateway and out at the other one; how much there was. */
function turn(port: number): number {
  const received = drivers[port]!.receive(pool, batch, port);
  if (received === 0) return 0;
  const now = systemClock.now();
  pipeline.process(batch, now);
  let count = 0;
  for (let i = 0; i < batch.count; i++) {
    const row = batch.rows[i]!;
    if (pool.verdict[row] !== SENT) continue;
    pool.bytes.set(hosts[1 - port]!, pool.start[row]!);
    out[count++] = row;
  }
  drivers[1 - port]!.transmit(pool, out, count);
  answer(batch, answers, causes, now);
  drivers[port]!.transmit(pool, answers.rows, answers.count);
  answered += answers.count;
  for (const done of [batch, answers, pieces]) {
    pool.releaseMany(done.rows, done.count);
    done.count = 0;
  }
  return received;
}

process.stdout.write("ready\n");
for (let idle = 0; ; ) {
  const received = turn(0) + turn(1);
  if (received > 0) continue;
  waiter.wait(50);
  if (++idle % 4 === 0 && existsSync(options.stop)) break;
}
const verdicts = Object.fromEntries(
  Array.from(pipeline.verdicts, (n, code) => [code, n]).filter(([, n]) => n! > 0),
);
const said = { drivers: drivers.map((driver) => driver.counters()), verdicts, answered };
process.stdout.write(`${JSON.stringify(said)}\n`);
for (const driver of drivers) driver.close();
waiter.close();
