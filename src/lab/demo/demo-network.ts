// The network of the demonstration: two VPCs with the same addresses down to the host, and an edge.

import type { NetworkPlan } from "../network-plan.ts";
import type { ServersPlan } from "../servers/plan.ts";

export const DEMO_NETWORK: NetworkPlan = {
  segments: [
    {
      interface: "veth-blue",
      via: ["10.0.0.1"],
      hosts: [{ name: "blue1", addresses: ["10.0.0.2/24"] }],
    },
    {
      interface: "veth-green",
      via: ["10.0.0.1"],
      hosts: [{ name: "green1", addresses: ["10.0.0.2/24"] }],
    },
    {
      interface: "veth-edge",
      via: ["203.0.113.1"],
      hosts: [{ name: "edge1", addresses: ["203.0.113.9/24"] }],
    },
  ],
};

/** The gateway's configuration for it. */
export const DEMO_CONFIG = `# Blue and green have the same addresses. Blue's hosts reach
# green's behind one address, and green's have one each. The edge reaches a web server of green by a
# forwarded port.
vpcs:
  blue: { vni: 101 }
  green: { vni: 102 }
  edge: { vni: 103 }
peerings:
  blue--green:
    peering:
      blue:
        expose:
          - ips: [{ cidr: 10.0.0.0/24 }]
            as: [{ cidr: 192.0.2.1/32 }]
            nat: { masquerade: {} }
      green:
        expose:
          - ips: [{ cidr: 10.0.0.0/24 }]
            as: [{ cidr: 198.51.100.0/24 }]
            nat: { static: {} }
  edge--green:
    peering:
      edge:
        expose:
          - ips: [{ cidr: 203.0.113.0/24 }]
      green:
        expose:
          - ips: [{ cidr: 10.0.0.2/32 }]
            as: [{ cidr: 192.0.2.80/32 }]
            nat: { portForward: { ports: [{ proto: tcp, port: "80", as: "8080" }] } }
isthmus:
  attachments:
    - { vpc: blue, interface: veth-blue, address: 10.0.0.1/24 }
    - { vpc: green, interface: veth-green, address: 10.0.0.1/24 }
    - { vpc: edge, interface: veth-edge, address: 203.0.113.1/24 }
`;

/** What runs on green1. */
export const DEMO_SERVERS: ServersPlan = {
  web: 80,
  dns: { port: 53, names: { "web.green.lab": ["198.51.100.2"] } },
};
