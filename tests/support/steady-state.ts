// Run by no-allocation.test.ts in a process of its own: traffic of every kind through a gateway's
// pipeline, with marks on standard output around the part that must not allocate.

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
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { directionCounts } from "../../src/tables/direction-counters.ts";
import { InterfaceTable, VXLAN } from "../../src/tables/interface-table.ts";
import { EMPTY_SNAPSHOT, type SnapshotHolder } from "../../src/tables/snapshot.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "./frames.ts";

const CONFIG = `
vpcs: { a: { vni: 100 }, b: { vni: 200 }, c: { vni: 300 }, d: { vni: 400 }, e: { vni: 500 }, f: { vni: 600 } }
peerings:
  p:
    peering:
      a:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: 10.1.0.0/24, ports: "1-500" }], as: [{ cidr: 192.0.3.0/24, ports: "501-1000" }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:a::/64" }], nat: { static: {} } }
          - { ips: [{ cidr: 10.2.0.0/24 }], as: [{ cidr: 192.0.4.1/32 }], nat: { masquerade: {} } }
          - { ips: [{ cidr: "2001:db8:2::/64" }], as: [{ cidr: "2001:db8:c::1/128" }], nat: { masquerade: {} } }
      b:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:b::/64" }], nat: { static: {} } }
    acl: { rules: [{ from: a, action: deny, scope: packet, match: { proto: udp, dst: [{ ports: ["53"] }] } }] }
  q:
    peering:
      a:
        expose:
          - { ips: [{ cidr: 10.3.0.0/24 }] }
          - { ips: [{ cidr: "2001:db8:3::/64" }], as: [{ cidr: "2001:db8:d::/64" }], nat: { static: {} } }
      c:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 203.0.112.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: 10.1.0.1/32 }], as: [{ cidr: 203.0.111.1/32 }], nat: { portForward: { ports: [{ port: "80", as: "8080" }] } } }
          - { ips: [{ cidr: "2001:db8:4::/64" }] }
          - { ips: [{ cidr: "2001:db8:5::1/128" }], as: [{ cidr: "2001:db8:e::1/128" }], nat: { portForward: { ports: [{ port: "80", as: "8080" }] } } }
  # Two VPCs open the same public addresses to strangers.
  r:
    peering:
      d:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.9.0/28 }], nat: { masquerade: { filtering: endpoint-independent, allocation: sequential } } }
          - { ips: [{ cidr: "2001:db8:6::/64" }], as: [{ cidr: "2001:db8:f::/124" }], nat: { masquerade: { filtering: endpoint-independent } } }
      f: { expose: [{ ips: [{ cidr: 10.6.0.0/24 }] }, { ips: [{ cidr: "2001:db8:7::/64" }] }] }
    acl: { default: deny-unless-exposed, rules: [{ from: f, action: deny, match: { src: [{ cidr: 10.6.0.66/32 }] } }] }
  s:
    peering:
      e:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.9.0/28 }], nat: { masquerade: { filtering: endpoint-independent, allocation: sequential } } }
          - { ips: [{ cidr: "2001:db8:6::/64" }], as: [{ cidr: "2001:db8:f::/124" }], nat: { masquerade: { filtering: endpoint-independent } } }
      f: { expose: [{ ips: [{ cidr: 10.6.0.0/24 }] }, { ips: [{ cidr: "2001:db8:7::/64" }] }] }
`;

const TEXTS = [
  "tcp 10.0.0.4:30000 > 198.51.100.8:80 ack",
  'udp 10.0.0.4:30000 > 198.51.100.8:4000 data="abcdefgh"',
  "udp 10.0.0.4:30000 > 198.51.100.8:53",
  "udp 10.1.0.4:30 > 198.51.100.8:80",
  "icmp 10.0.0.4 > 198.51.100.8 echo-request id=1",
  "icmp 10.0.0.4 > 198.51.100.8 port-unreachable { udp 198.51.100.8:7 > 10.0.0.4:9 }",
  "tcp [2001:db8:1::4]:30000 > [2001:db8:b::8]:80 ack",
  "udp 10.0.0.4:30000 > 203.0.113.8:80",
  "udp 10.2.0.4:4000 > 198.51.100.8:4000",
  "tcp 10.2.0.4:4000 > 198.51.100.8:80 syn",
  "tcp 10.2.0.4:4000 > 198.51.100.8:80 ack",
  "tcp 10.2.0.4:4001 > 198.51.100.8:80 ack",
  "icmp 10.2.0.4 > 198.51.100.8 echo-request id=9",
  "icmp 10.2.0.4 > 198.51.100.8 port-unreachable { udp 198.51.100.8:4000 > 10.2.0.4:4000 }",
  "udp [2001:db8:2::4]:4000 > [2001:db8:b::8]:4000",
  "udp 10.0.0.4:30000 > 198.51.100.8:80 ttl=1",
  "udp 10.2.0.4:4000 > 198.51.100.8:4000 mf id=7 len=44",
  'udp 10.2.0.4 > 198.51.100.8 frag=24 id=7 data="rest"',
  'udp 10.2.0.4 > 198.51.100.8 frag=24 id=8 data="orphan"',
];
/** Where no access list asks about every packet: the fast path, by flows and by rules. */
const PLAIN: readonly (readonly [number, string])[] = [
  [100, "udp 10.3.0.4:4000 > 203.0.111.1:8080"],
  [300, "udp 10.1.0.1:80 > 10.3.0.4:4000"],
  [100, "tcp 10.3.0.4:4000 > 203.0.111.1:8080 syn"],
  [300, "tcp 10.1.0.1:80 > 10.3.0.4:4000 syn,ack"],
  [100, "tcp 10.3.0.4:4000 > 203.0.111.1:8080 ack"],
  [100, "udp [2001:db8:3::4]:4000 > [2001:db8:e::1]:8080"],
  [300, "udp [2001:db8:5::1]:80 > [2001:db8:d::4]:4000"],
  [100, "udp 10.3.0.4:4000 > 203.0.112.8:4000"],
  [300, "tcp 10.0.0.8:80 > 10.3.0.4:4000 ack"],
  [100, "udp [2001:db8:3::4]:4000 > [2001:db8:4::8]:4000"],
];
/** To public endpoints that two VPCs open: one in use, by whom the ACL allows and by whom it does
 * not, and others that nobody has. */
const STRANGERS: readonly (readonly [number, string])[] = [
  [400, "udp 10.0.0.1:9 > 10.6.0.1:53"],
  [600, "udp 10.6.0.2:53 > 192.0.9.0:1024"],
  [600, "udp 10.6.0.66:53 > 192.0.9.0:1024"],
  [600, "udp 10.6.0.2:53 > 192.0.9.0:1025"],
  [600, "tcp 10.6.0.2:53 > 192.0.9.9:1024 syn"],
  [600, "icmp 10.6.0.2 > 192.0.9.0 echo-request id=1"],
  [600, "udp [2001:db8:7::1]:53 > [2001:db8:f::1]:1024"],
];
const WARM_UP = 4000;
const BATCHES = 8000;

const { config } = loadConfig(CONFIG, "", natModes);
if (config === undefined) throw new Error("the configuration is wrong");
const holder: SnapshotHolder = { current: EMPTY_SNAPSHOT };
const flows = makeFlows({}, seededRandom(1), undefined, holder);
const { snapshot, names } = compile(config, {
  modes: natModes,
  nat: flows.nat,
  timersOf: flows.setTimers(config.timers),
});
const vnis = config.vpcs.map(({ vni }) => vni);
flows.fragments.setLimits({ timeoutTicks: 50, datagrams: 64, waiting: 64, vnis });
const pool = new PacketPool();
const interfaces = new InterfaceTable();
interfaces.add(VXLAN);
holder.current = { ...snapshot, generation: 1, interfaceVpcs: Int32Array.of(-1) };
const counters = { current: directionCounts(names.directions.length) };
const hops = neighborTables(flows.hashKey, plainMemory, false);
const { steps } = gatewaySteps({
  flows,
  pool,
  interfaces,
  snapshot: holder,
  counters,
  next: hops,
});
const pipeline = new Pipeline(pool, counters, steps);
const texts = TEXTS.map((text) => [100, text] as const);
const traffic = [...texts, ...PLAIN, ...STRANGERS, ...PLAIN];
const frames = traffic.map(([vni, text]) =>
  vxlanFrame(vni, ethernetFrame(buildPacket(parsePacket(text)), { padTo: 60 })),
);
const batch = new Batch();
let next = 0;

function round(): void {
  batch.count = 0;
  flows.fragments.pass(0);
  for (let i = 0; i < BATCH_MAX; i++) {
    const frame = frames[next]!;
    next = next + 1 === frames.length ? 0 : next + 1;
    const row = pool.allocate();
    const at = pool.open(row, 0, frame.length);
    for (let byte = 0; byte < frame.length; byte++) pool.bytes[at + byte] = frame[byte]!;
    batch.push(row);
  }
  pipeline.process(batch, 0);
  for (let i = 0; i < BATCH_MAX; i++) pool.release(batch.rows[i]!);
}

for (let i = 0; i < WARM_UP; i++) round();
globalThis.gc?.();
console.log("steady state begins");
const shortened = pipeline.shortened;
const before = process.memoryUsage().heapUsed;
for (let i = 0; i < BATCHES; i++) round();
const bytes = process.memoryUsage().heapUsed - before;
console.log("steady state ends");
const fast = pipeline.shortened - shortened;
console.log(JSON.stringify({ packets: BATCHES * BATCH_MAX, fast, bytes }));
