// The configuration of the gateway that does what nftables is told to do: blue's hosts behind one
// address of green.

import { GATEWAY, INNER_MACS, type Scenario, VNIS, VTEPS } from "./topology.ts";

/** Green's side sees blue's hosts as this one. */
export const PUBLIC = "10.2.0.1";

export function isthmusConfig(scenario: Scenario, driver: string): string {
  return [
    "vpcs:",
    `  blue: { vni: ${VNIS.blue}, subnets: { hosts: { cidr: 10.1.0.0/24 } } }`,
    `  green: { vni: ${VNIS.green}, subnets: { hosts: { cidr: 10.2.0.0/24 } } }`,
    "peerings:",
    "  blue--green:",
    "    peering:",
    "      blue:",
    "        expose:",
    "          - ips: [{ vpcSubnet: hosts }]",
    `            as: [{ cidr: ${PUBLIC}/32 }]`,
    "            nat: { masquerade: {} }",
    "      green:",
    "        expose: [{ ips: [{ cidr: 10.2.0.2/32 }] }]",
    "isthmus:",
    ...(scenario === "cable" ? attachments(driver) : underlay(driver)),
    "",
  ].join("\n");
}

function attachments(driver: string): string[] {
  return [
    "  attachments:",
    `    - { vpc: blue, interface: blue0, address: ${GATEWAY.blue}/24 }`,
    `    - { vpc: green, interface: green0, address: ${GATEWAY.green}/24 }`,
    `  interfaces: { blue0: { driver: ${driver} }, green0: { driver: ${driver} } }`,
  ];
}

function underlay(driver: string): string[] {
  const { gateway, blue, green } = VTEPS;
  return [
    "  vpcs:",
    `    blue: { vtep: ${blue}, routerMac: "${INNER_MACS.blue}" }`,
    `    green: { vtep: ${green}, routerMac: "${INNER_MACS.green}" }`,
    `  underlay: { interface: blue0, vtep: ${gateway}, vtepMac: "${INNER_MACS.gateway}" }`,
    `  interfaces: { blue0: { driver: ${driver} } }`,
  ];
}
