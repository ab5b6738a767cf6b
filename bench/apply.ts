// `node bench/apply.ts`: how long a large configuration takes, from text to running, beside flows
// that must be looked at again: 1,000 peerings with ten exposes on a side.

import { seededRandom } from "../src/base/random.ts";
import { loadConfig } from "../src/config/load.ts";
import { Gateway } from "../src/gateway/gateway.ts";
import { natModes } from "../src/nat/modes.ts";
import { buildPacket, parsePacket } from "../src/wire/notation.ts";
import { readOptions } from "./options.ts";

const PEERINGS = 1000;
const EXPOSES = 10;
const FLOWS = [0, 64_000, 500_000];
const ROUNDS = 5;

const USAGE = `Usage: node_modules/.bin/node bench/apply.ts

How long ${PEERINGS} peerings with ${EXPOSES} exposes on a side take: to be read and checked,
and to be applied beside ${FLOWS.join(", ")} flows.

  -h, --help   this text
`;

/** Hosts of vpc-a reach vpc-1 … vpc-1000 by masquerade; those are behind static NAT. */
function configText(): string {
  const vpcs = ["vpc-a: { vni: 5000 }"];
  const peerings: string[] = [];
  for (let i = 1; i <= PEERINGS; i++) {
    vpcs.push(`vpc-${i}: { vni: ${i} }`);
    const [high, low] = [i >> 8, i & 255];
    const own = Array.from(
      { length: EXPOSES },
      (_, k) =>
        `{ ips: [{ cidr: 10.${k}.0.0/16 }], as: [{ cidr: 20.${k}.0.0/24 }], nat: { masquerade: { idleTimeout: 1h } } }`,
    );
    const theirs = Array.from(
      { length: EXPOSES },
      (_, k) =>
        `{ ips: [{ cidr: 172.16.${k}.0/24 }], as: [{ cidr: ${30 + k * 4 + high}.${low}.0.0/24 }], nat: { static: {} } }`,
    );
    peerings.push(
      `p-${i}: { peering: { vpc-a: { expose: [${own}] }, vpc-${i}: { expose: [${theirs}] } } }`,
    );
  }
  return `vpcs:\n  ${vpcs.join("\n  ")}\npeerings:\n  ${peerings.join("\n  ")}\n`;
}

function millis<T>(work: () => T): [T, number] {
  const began = performance.now();
  const result = work();
  return [result, performance.now() - began];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function openFlows(gateway: Gateway, flows: number): void {
  const iface = gateway.addInterface({ name: "a", link: "raw-ip", vpc: "vpc-a", vxlan: false });
  const packet = buildPacket(parsePacket("udp 10.0.0.0:1024 > 30.1.0.1:53 checksum=0"));
  const view = new DataView(packet.buffer, packet.byteOffset);
  const bare = view.getUint16(10);
  for (let flow = 0; flow < flows; flow++) {
    const [host, port] = [flow >> 4, 1024 + (flow & 15)];
    view.setInt32(12, 0x0a000000 + host);
    view.setUint16(20, port);
    const sum = (~bare & 0xffff) + (host >>> 16) + (host & 0xffff);
    view.setUint16(10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
    if (gateway.receive(iface, packet)) continue;
    gateway.run(1);
    gateway.receive(iface, packet);
  }
  gateway.run(1);
}

readOptions(USAGE, {});
const text = configText();
const [{ config, issues }, loading] = millis(() => loadConfig(text, "bench.yaml", natModes));
if (config === undefined) throw new Error(issues[0]?.message);
process.stdout.write(`${PEERINGS} peerings of ${EXPOSES} exposes a side, ${text.length} bytes\n`);
process.stdout.write(`read and checked in ${loading.toFixed(0)} ms\n`);
for (const flows of FLOWS) {
  const gateway = new Gateway({ flowCapacity: 2 ** 20 }, { random: seededRandom(1) });
  gateway.apply(config);
  openFlows(gateway, flows);
  const rounds = Array.from({ length: ROUNDS }, () => millis(() => gateway.apply(config)));
  const [{ kept, ended }] = rounds[0]!;
  const took = median(rounds.map(([, time]) => time));
  process.stdout.write(
    `applied in ${took.toFixed(0)} ms: ${kept} flows kept, ${ended.length} ended\n`,
  );
}
