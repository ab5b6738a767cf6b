// The configuration and the traffic of a scenario: two VPCs, "a" with VNI 100 and "b" with VNI 200,
// each exposing the same private prefixes; packets both ways between random hosts.

import { seededRandom } from "../src/base/random.ts";
import type { AdjacencyInit } from "../src/tables/adjacency-table.ts";
import { parseIpAddress } from "../src/wire/ip-address.ts";
import { buildPacket, parsePacket } from "../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../tests/support/frames.ts";
import type { Scenario } from "./scenarios.ts";

const VNIS = { a: 100, b: 200 };
/** First octet or word of the private prefixes, of the public ones of each side, and of none. */
const BASES = { private: 10, a: 20, b: 30, nobody: 99 };

/** The configuration as text, so that the whole way from the file is the real one. */
export function configText(scenario: Scenario): string {
  if (scenario.flows > 0) return flowConfig(scenario);
  const side = (name: "a" | "b") => {
    const exposes = Array.from({ length: scenario.exposes }, (_, index) => {
      const base = scenario.nat === "static" ? BASES.private : BASES[name];
      const ips = `ips: [{ cidr: "${prefix(scenario, base, index)}" }]`;
      const as = `as: [{ cidr: "${prefix(scenario, BASES[name], index)}" }], nat: { static: {} }`;
      return `          - { ${scenario.nat === "static" ? `${ips}, ${as}` : ips} }`;
    });
    return `      ${name}:\n        expose:\n${exposes.join("\n")}`;
  };
  return [
    `vpcs: { a: { vni: ${VNIS.a} }, b: { vni: ${VNIS.b} } }`,
    "peerings:",
    "  a--b:",
    "    peering:",
    side("a"),
    side("b"),
  ].join("\n");
}

function prefix(scenario: Scenario, base: number, index: number): string {
  if (scenario.family === 4) return `${base}.${index >> 8}.${index & 255}.0/24`;
  return `2001:db8:${base}:${index.toString(16)}::/64`;
}

function host(scenario: Scenario, base: number, index: number, number: number): string {
  if (scenario.family === 4) return `${base}.${index >> 8}.${index & 255}.${number}`;
  return `[2001:db8:${base}:${index.toString(16)}::${number.toString(16)}]`;
}

/** `count` frames of one length, 46 bytes of IPv4 or 66 of IPv6 packet. */
export function frames(scenario: Scenario, count: number): Uint8Array[] {
  const random = seededRandom(1);
  return Array.from({ length: count }, (_, index) => {
    const fromA = index % 2 === 0 || !scenario.vxlan;
    const own = scenario.nat === "static" ? BASES.private : BASES[fromA ? "a" : "b"];
    const peer = scenario.dropped ? BASES.nobody : BASES[fromA ? "b" : "a"];
    const source = host(scenario, own, random.below(scenario.exposes), random.below(256));
    const destination = host(scenario, peer, random.below(scenario.exposes), random.below(256));
    const ports = [1024 + random.below(60000), 1 + random.below(60000)];
    const length = scenario.family === 4 ? 46 : 66;
    const text = `udp ${source}:${ports[0]} > ${destination}:${ports[1]} len=${length}`;
    const frame = ethernetFrame(buildPacket(parsePacket(text)));
    return scenario.vxlan ? vxlanFrame(VNIS[fromA ? "a" : "b"], frame) : frame;
  });
}

/** Tunnels to one VTEP for each VPC. */
export function adjacency(vpc: string): AdjacencyInit {
  const mac = (last: number) => Uint8Array.of(2, 0, 0, 0, 0, last);
  const address = (text: string) => Number(parseIpAddress(text)?.value);
  return {
    outerSourceMac: mac(1),
    outerDestinationMac: mac(2),
    vtep: address("172.30.8.1"),
    remoteVtep: address(vpc === "a" ? "172.30.8.2" : "172.30.8.3"),
    vni: vpc === "a" ? VNIS.a : VNIS.b,
    innerSourceMac: mac(3),
    innerDestinationMac: mac(4),
  };
}

/** Masquerade of all of "a" behind 65,536 addresses, or a port of "b" forwarded. */
function flowConfig({ family, nat, flows }: Scenario): string {
  const v4 = family === 4;
  const inside = v4 ? "10.0.0.0/8" : "2001:db8:10::/64";
  const pool = v4 ? "20.0.0.0/16" : "2001:db8:20::/112";
  const masquerade = `{ ips: [{ cidr: "${inside}" }], as: [{ cidr: "${pool}" }], nat: { masquerade: {} } }`;
  const server = v4 ? "30.0.0.1/32" : "2001:db8:30::1/128";
  const plain = (cidr: string) => `{ ips: [{ cidr: "${cidr}" }] }`;
  const forward = `{ ips: [{ cidr: "10.99.0.1/32" }], as: [{ cidr: "${server}" }], nat: { portForward: { ports: [{ port: 80, as: 8080 }] } } }`;
  const [a, b] = nat === "masquerade" ? [masquerade, plain(server)] : [plain(inside), forward];
  return [
    `vpcs: { a: { vni: ${VNIS.a} }, b: { vni: ${VNIS.b} } }`,
    `gateway: { flowTableCapacity: ${flows === 64_000 ? 131_072 : flows} }`,
    `peerings: { a--b: { peering: { a: { expose: [${a}] }, b: { expose: [${b}] } } } }`,
  ].join("\n");
}

/** Ports of a public address that masquerade uses, in order. */
const POOL_PORTS = 64_512;

/** A frame in each direction, to be made a packet of any flow by `patchFlow`. */
export function flowFrames({ family, nat }: Scenario): readonly [Uint8Array, Uint8Array] {
  const make = (vni: number, text: string) =>
    vxlanFrame(
      vni,
      ethernetFrame(buildPacket(parsePacket(`udp ${text} len=${family === 4 ? 46 : 66}`))),
    );
  if (family === 6) {
    return [
      make(VNIS.a, "[2001:db8:10::]:1024 > [2001:db8:30::1]:8080"),
      make(VNIS.b, "[2001:db8:30::1]:8080 > [2001:db8:20::]:1024"),
    ];
  }
  if (nat === "masquerade") {
    return [
      make(VNIS.a, "10.0.0.0:1024 > 30.0.0.1:8080"),
      make(VNIS.b, "30.0.0.1:8080 > 20.0.0.0:1024"),
    ];
  }
  return [
    make(VNIS.a, "10.0.0.0:1024 > 30.0.0.1:8080"),
    make(VNIS.b, "10.99.0.1:80 > 10.0.0.0:1024"),
  ];
}

const INNER = 64;

/** Makes the frame at `at`, one of `flowFrames`, a packet of flow `flow`: eight flows a host. The
 * checksum of UDP is not renewed; nobody but the receiver looks at it. */
export function patchFlow(
  { family, nat }: Scenario,
  view: DataView,
  at: number,
  flow: number,
  reply: boolean,
): void {
  const ip = at + INNER;
  const shared = reply && nat === "masquerade";
  const host = shared ? Math.floor(flow / POOL_PORTS) : flow >>> 3;
  const port = shared ? flow % POOL_PORTS : (flow & 7) * 1000;
  if (family === 6) {
    view.setInt32(ip + (reply ? 36 : 20), host);
    view.setUint16(ip + (reply ? 42 : 40), 1024 + port);
    return;
  }
  const address = ip + (reply ? 16 : 12);
  view.setInt32(address, view.getInt32(address) + host);
  view.setUint16(ip + (reply ? 22 : 20), 1024 + port);
  // The host part was zero: its sum is all that the header checksum lacks.
  let sum = (~view.getUint16(ip + 10) & 0xffff) + (host >>> 16) + (host & 0xffff);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(ip + 10, ~sum & 0xffff);
}
