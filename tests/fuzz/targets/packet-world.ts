// Gateways for the packet targets: every mode, both families, tunnels, answers, small tables.

import { seededRandom } from "../../../src/base/random.ts";
import type { Config } from "../../../src/config/model.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { configOf } from "../../support/gateway.ts";
import { FIRST_VNI } from "./frames.ts";

export const VPCS = ["a", "b", "c", "d"] as const;

function nat(ips: string, as: string, mode: object) {
  return { ips: [{ cidr: ips }], as: [{ cidr: as }], nat: mode };
}

function config(masquerade: object, isthmus: object, a: object = {}): Config {
  const ports = { from: "1-99", to: "1001-1099" };
  return configOf({
    vpcs: Object.fromEntries(VPCS.map((name, index) => [name, { vni: FIRST_VNI + index }])),
    peerings: {
      "a--b": {
        peering: {
          a: {
            hairpin: true,
            expose: [
              nat("10.0.0.0/24", "20.0.0.1/32", { masquerade }),
              nat("10.5.0.0/24", "21.0.0.0/24", { static: {} }),
              {
                ips: [{ cidr: "10.6.0.0/24", ports: ports.from }],
                as: [{ cidr: "22.0.0.0/24", ports: ports.to }],
                nat: { static: {} },
              },
              nat("2001:db8:1::/64", "2001:db8:a::1/128", { masquerade }),
            ],
          },
          b: {
            expose: [
              nat("10.0.0.0/24", "30.0.0.0/24", { static: {} }),
              nat("10.9.0.1/32", "31.0.0.1/32", {
                portForward: { ports: [{ port: "80", as: "8080" }] },
              }),
              { ips: [{ cidr: "2001:db8:2::/64" }] },
            ],
          },
        },
      },
      "b--d": {
        peering: {
          b: {
            expose: [
              nat("10.0.0.0/24", "50.0.0.0/24", { static: {} }),
              nat("2001:db8:2::/64", "2001:db8:b::/64", { static: {} }),
            ],
          },
          d: {
            expose: [
              { ips: [{ cidr: "60.0.0.0/24" }] },
              {
                ips: [{ cidr: "61.0.0.0/24", ports: "80-99" }],
                as: [{ cidr: "62.0.0.0/24", ports: "180-199" }],
                nat: { static: {} },
              },
              nat("2001:db8:3::/64", "2001:db8:c::/64", { static: {} }),
            ],
          },
        },
      },
      "a--c": {
        peering: {
          a: { expose: [nat("10.0.0.0/24", "20.1.0.1/32", { masquerade })] },
          c: { expose: [{ ips: [{ cidr: "40.0.0.0/24" }] }] },
        },
        acl: {
          rules: [
            { from: "a", action: "deny", scope: "packet", match: { proto: "udp" } },
            { from: "c", action: "deny", match: { ["dst"]: [{ ports: ["1025"] }], proto: "tcp" } },
          ],
        },
      },
    },
    isthmus: {
      vpcs: { a, b: { mtu: 600, addresses: ["10.0.0.254", "2001:db8:2::fe"] } },
      ...isthmus,
    },
  });
}

const SEQUENTIAL = { allocation: "sequential" };

/** Inputs for each reload: one takes as long as thousands of packets. */
const INPUTS_PER_RELOAD = 256;

/** Which configuration comes next, one after the other; undefined when it is too early. */
export function configTurns(): (inputs: number) => Config | undefined {
  let applied = 0;
  return (inputs) => {
    if (applied * INPUTS_PER_RELOAD > inputs) return undefined;
    applied++;
    return CONFIGS[applied % CONFIGS.length];
  };
}

const CONFIGS: readonly Config[] = [
  config({ ...SEQUENTIAL }, { icmp: { prohibited: true } }),
  config(
    { ...SEQUENTIAL, filtering: "endpoint-independent", flowsPerHost: 2 },
    { clampMss: true },
    { flows: 5 },
  ),
  config({ ...SEQUENTIAL, mapping: "address-and-port-dependent", ports: "1024-1027" }, {}),
];

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** With the first configuration; interfaces in the order of their numbers in frames.ts. */
export function makeGateway(): Gateway {
  const adjacency = (vpc: string) =>
    vpc === "c" || vpc === "d"
      ? {
          outerSourceMac: MAC,
          outerDestinationMac: MAC,
          vtep: 0x0a000001,
          remoteVtep: 0x0a000002,
          vni: 7,
          innerSourceMac: MAC,
          innerDestinationMac: MAC,
        }
      : undefined;
  const gateway = new Gateway(
    { slots: 64, flowCapacity: 16 },
    { random: seededRandom(7), adjacency },
  );
  gateway.apply(CONFIGS[0]!);
  gateway.addInterface({ name: "tunnel", link: "ethernet", vxlan: true });
  gateway.addInterface({ name: "a", link: "ethernet", vpc: "a", vxlan: true });
  for (const vpc of VPCS) gateway.addInterface({ name: vpc, link: "raw-ip", vpc, vxlan: false });
  gateway.addInterface({ name: "b", link: "ethernet", vpc: "b", vxlan: false });
  gateway.addInterface({ name: "tunnel", link: "raw-ip", vpc: "a", vxlan: true });
  return gateway;
}
