// A small story told by the core alone, so that it can be told anywhere: a configuration is loaded
// and a few packets pass. Imports nothing but the core; what it returns is plain text, to be
// compared between Node and a browser.

import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { natModes } from "../../src/nat/modes.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";

const CONFIG = `
vpcs:
  blue: { vni: 101 }
  green: { vni: 102 }
peerings:
  blue--green:
    peering:
      blue:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "fd00:1::/64" }], as: [{ cidr: "2001:db8:1::/64" }], nat: { static: {} } }
      green:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "fd00:2::/64" }], as: [{ cidr: "2001:db8:2::/64" }], nat: { static: {} } }
`;

const PACKETS = [
  'udp 10.0.0.4:3000 > 198.51.100.8:53 data="which way?"',
  "tcp [fd00:1::4]:3000 > [2001:db8:2::8]:80 syn",
  "icmp 10.0.0.1 > 198.51.100.8 port-unreachable { udp 198.51.100.8:53 > 10.0.0.4:3000 }",
  "udp 10.0.0.4:3000 > 203.0.113.1:53",
];

/** One line of verdict, notation and bytes for each packet; the same wherever it runs. */
export function tellCoreScenario(): string[] {
  const { config, issues } = loadConfig(CONFIG, "scenario.yaml", natModes);
  if (config === undefined) return issues.map((issue) => `${issue.code}: ${issue.message}`);
  const gateway = new Gateway({}, { random: seededRandom(1) });
  gateway.apply(config);
  const iface = gateway.addInterface({ name: "blue", link: "raw-ip", vpc: "blue", vxlan: false });
  for (const text of PACKETS) gateway.receive(iface, buildPacket(parsePacket(text)));
  gateway.run(0);
  return PACKETS.map((_, index) => {
    const { verdict, to, packet } = gateway.outcome(index);
    const hex = Array.from(packet, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${verdict} ${to ?? "-"} ${describePacket(packet, "full")} ${hex}`;
  });
}
