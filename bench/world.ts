// The configuration and the traffic of a scenario: two VPCs, "a" with VNI 100 and "b" with VNI 200,
// each exposing the same private prefixes; packets both ways between random hosts.

import { seededRandom } from "../src/base/random.ts";
import type { AdjacencyInit } from "../src/tables/adjacency-table.ts";
import { parseIpAddress } from "../src/wire/ip-address.ts";
import { buildPacket, parsePacket } from "../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../tests/support/frames.ts";
import type { Scenario } from "./scenarios.ts";

const VNIS = { a: 100, b: 200 };
/** First octet or word of the private prefixes, and of the public ones of each side. */
const BASES = { private: 10, a: 20, b: 30 };

/** The configuration as text, so that the whole way from the file is the real one. */
export function configText(scenario: Scenario): string {
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
    const peer = BASES[fromA ? "b" : "a"];
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
