// Run by no-garbage.test.ts in a process of its own: two drivers send each other frames, with marks
// on standard output around the part that must not allocate. The argument names the driver.

import type { Driver } from "../../src/drivers/driver.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { loadSystem } from "../../src/drivers/linux/sys.ts";
import { openTap } from "../../src/drivers/linux/tap.ts";
import { Waiter } from "../../src/drivers/linux/waiter.ts";
import { Batch } from "../../src/packet/batch.ts";
import { WHOLE_SLOT_BYTES } from "../../src/packet/limits.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { wholeRow } from "../support/whole-row.ts";
import { unfinished } from "./unfinished.ts";
import { Veth } from "./veth.ts";

declare const gc: () => void;

const FRAMES = 64;
const WARM_UP = 1500;
const ROUNDS = 3000;

const system = await loadSystem();
const veth = new Veth(system);
const kind = process.argv[2];

/** Two ends of a wire. */
function openBoth(): [Driver, Driver] {
  switch (kind) {
    case "AF_PACKET":
      return [
        veth.atNear(() => openAfPacket({ interface: "near0" }, system)),
        veth.atFar(() => openAfPacket({ interface: "far0" }, system)),
      ];
    case "AF_PACKET, whole": {
      const open = (name: string) => openAfPacket({ interface: name, whole: true }, system);
      return [veth.atNear(() => open("near0")), veth.atFar(() => open("far0"))];
    }
    case "AF_XDP":
      return [
        veth.atNear(() => openAfXdp({ interface: "near0" }, system)),
        veth.atFar(() => openAfXdp({ interface: "far0" }, system)),
      ];
    default: {
      const tap = veth.atNear(() => openTap({ interface: "tap0" }, system));
      return [tap, veth.atNear(() => openAfPacket({ interface: "tap0" }, system))];
    }
  }
}

const ends = openBoth();
const whole = kind === "AF_PACKET, whole";
const pool = new PacketPool(whole ? { slots: 256, slotBytes: WHOLE_SLOT_BYTES } : {});
const batch = new Batch();
const rows = new Int32Array(FRAMES);
pool.allocateMany(rows, FRAMES);
rows.forEach((row, i) => {
  // Short and long, some with a VLAN tag.
  const length = i % 3 === 0 ? 1400 : 60 + i;
  const start = pool.open(row, 0, length);
  pool.bytes.fill(i, start, start + length);
  pool.view.setUint8(start, 2);
  if (i % 4 === 0) pool.view.setUint32(start + 12, 0x81000007);
});
if (whole) {
  const text = "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack df";
  pool.releaseMany(rows, FRAMES);
  rows.forEach((_, i) => {
    const parts = [unfinished(text, 9000, 1400), unfinished(text, i, 0)];
    rows[i] = wholeRow(pool, parts[i % 2]!);
  });
}
const waiter = new Waiter(system, [ends[0].fd, ends[1].fd]);
let received = 0;

function round(): void {
  for (let i = 0; i < 2; i++) {
    ends[i]!.transmit(pool, rows, FRAMES);
    waiter.wait(10);
    received += ends[1 - i]!.receive(pool, batch, i);
    pool.releaseMany(batch.rows, batch.count);
    batch.count = 0;
  }
}

for (let i = 0; i < WARM_UP; i++) round();
gc();
received = 0;
process.stdout.write("steady state begins\n");
const before = process.memoryUsage().heapUsed;
for (let i = 0; i < ROUNDS; i++) round();
const bytes = process.memoryUsage().heapUsed - before;
process.stdout.write(`steady state ends\n${JSON.stringify({ received, bytes })}\n`);
waiter.close();
for (const end of ends) end.close();
veth.close();
