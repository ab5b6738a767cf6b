// What every step of the pipeline promises: it writes the columns it declares and no others,
// changes bytes only where that is its work, and takes an empty and a full batch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMemory } from "../../src/base/arena.ts";
import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { compile } from "../../src/gateway/compile.ts";
import { makeFlows } from "../../src/gateway/flows.ts";
import { neighborTables } from "../../src/gateway/neighborhood.ts";
import { gatewaySteps } from "../../src/gateway/steps.ts";
import { natModes } from "../../src/nat/modes.ts";
import { Batch } from "../../src/packet/batch.ts";
import { BATCH_MAX } from "../../src/packet/limits.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { directionCounts } from "../../src/tables/direction-counters.ts";
import { InterfaceTable, VXLAN } from "../../src/tables/interface-table.ts";
import { EMPTY_SNAPSHOT, type SnapshotHolder } from "../../src/tables/snapshot.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";

const CONFIG = `
vpcs: { a: { vni: 100 }, b: { vni: 200 } }
peerings:
  p:
    peering:
      a:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:a::/64" }], nat: { static: {} } }
      b:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }
          - ips: [{ cidr: "2001:db8:2::/64" }]
    acl: { rules: [{ from: a, action: deny, scope: packet, match: { proto: udp, dst: [{ ports: ["53"] }] } }] }
`;
const TEXTS = [
  "tcp 10.0.0.4:30000 > 198.51.100.8:80 ack",
  "udp 10.0.0.4:30000 > 198.51.100.8:53",
  "icmp 10.0.0.4 > 198.51.100.8 port-unreachable { udp 198.51.100.8:7 > 10.0.0.4:9 }",
  "udp [2001:db8:1::4]:1 > [2001:db8:2::4]:2",
  "udp 10.0.0.4:30000 > 203.0.113.8:80",
  "udp 10.9.9.9:30000 > 198.51.100.8:80",
  "udp 10.0.0.4:30000 > 198.51.100.8:80 ttl=1",
  "udp 10.0.0.4:30000 > 198.51.100.8:80 mf id=7 len=44",
  'udp 10.0.0.4 > 198.51.100.8 frag=24 id=7 data="rest"',
  'udp 10.0.0.4 > 198.51.100.8 frag=24 id=8 data="orphan"',
];
/** The steps whose work it is to change packets. */
const CHANGE_BYTES = ["clamp-mss", "translate", "encap"];

const { config } = loadConfig(CONFIG, "", natModes);
const holder: SnapshotHolder = { current: EMPTY_SNAPSHOT };
const flows = makeFlows({}, seededRandom(1), undefined, holder);
const { snapshot, names } = compile(config!, {
  modes: natModes,
  nat: flows.nat,
  timersOf: flows.setTimers(config!.timers),
});
const vnis = config!.vpcs.map(({ vni }) => vni);
flows.fragments.setLimits({ timeoutTicks: 50, datagrams: 64, waiting: 64, vnis });
const pool = new PacketPool({ slots: BATCH_MAX, slotBytes: 512 });
const interfaces = new InterfaceTable();
interfaces.add(VXLAN);
holder.current = { ...snapshot, generation: 1, interfaceVpcs: Int32Array.of(0) };
const counters = { current: directionCounts(names.directions.length) };
const next = neighborTables(flows.hashKey, plainMemory, false);
const { steps } = gatewaySteps({ flows, pool, interfaces, snapshot: holder, counters, next });

/** Every typed array of the pool but the verdicts, by name. */
const columns = Object.entries(pool).filter(
  ([name, value]) => value instanceof Int32Array && name !== "words",
) as [string, Int32Array][];

function fill(batch: Batch): void {
  for (let i = 0; i < BATCH_MAX; i++) {
    const inner = ethernetFrame(buildPacket(parsePacket(TEXTS[i % TEXTS.length]!)));
    const frame = i % 3 === 0 ? inner : vxlanFrame(100, inner);
    const row = pool.allocate();
    pool.bytes.set(frame, pool.open(row, 0, frame.length));
    batch.push(row);
  }
}

test("no step does anything with an empty batch", () => {
  const before = pool.bytes.slice();
  for (const step of steps) assert.equal(step.process(new Batch(), 0), 0);
  assert.deepEqual(pool.bytes, before);
});

test("each step writes what it declares and nothing else, for a full batch of all kinds", () => {
  const batch = new Batch();
  fill(batch);
  for (const step of steps) {
    const before = new Map(columns.map(([name, column]) => [name, column.slice()]));
    const bytes = pool.bytes.slice();
    const undecided = [...batch.rows.subarray(0, batch.count)];
    const decided = step.process(batch, 0);
    for (const [name, column] of columns) {
      const changed = column.some((value, row) => value !== before.get(name)![row]);
      const may = (step.writes as readonly string[]).includes(name);
      assert.ok(may || !changed, `${step.name} wrote ${name}`);
    }
    if (!CHANGE_BYTES.includes(step.name)) assert.deepEqual(pool.bytes, bytes, step.name);
    const left = undecided.filter((row) => pool.verdict[row] === 0);
    assert.equal(decided, undecided.length - left.length, `${step.name} counts its verdicts`);
    batch.count = 0;
    for (const row of left) batch.push(row);
  }
  assert.equal(batch.count, 0);
});
