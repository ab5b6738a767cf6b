// The kernel as a gateway: it forwards, and nftables masquerades what leaves by the green side.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { ip } from "../../tests/live/namespaces.ts";
import { GATEWAY, HOSTS, INNER_MACS, MACS, type Scenario, VNIS, VTEPS } from "./topology.ts";

const LINKS: Readonly<Record<Scenario, readonly string[]>> = {
  cable: [
    `address add ${GATEWAY.blue}/24 dev blue0`,
    `address add ${GATEWAY.green}/24 dev green0`,
    `neighbor add ${HOSTS.blue} lladdr ${MACS.near0} dev blue0`,
    `neighbor add ${HOSTS.green} lladdr ${MACS.far0} dev green0`,
  ],
  vxlan: [
    `address add ${VTEPS.gateway}/24 dev blue0`,
    `neighbor add ${VTEPS.blue} lladdr ${MACS.near0} dev blue0`,
    `neighbor add ${VTEPS.green} lladdr ${MACS.near0} dev blue0`,
    ...(["blue", "green"] as const).flatMap((vpc) => [
      `link add vx-${vpc} address ${INNER_MACS.gateway} type vxlan id ${VNIS[vpc]} ${ends(vpc)}`,
      `link set vx-${vpc} up`,
      `address add ${GATEWAY[vpc]}/24 dev vx-${vpc}`,
      `neighbor add ${HOSTS[vpc]} lladdr ${INNER_MACS[vpc]} dev vx-${vpc}`,
    ]),
  ],
};
/** Of a tunnel. */
function ends(vpc: "blue" | "green"): string {
  return `local ${VTEPS.gateway} remote ${VTEPS[vpc]} dstport 4789 dev blue0`;
}

const LEAVES_BY: Readonly<Record<Scenario, string>> = { cable: "green0", vxlan: "vx-green" };

/** Of the namespace of the calling thread, until that is removed. */
export function startKernel(scenario: Scenario): void {
  ip(...LINKS[scenario]);
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  const input = `table ip nat {
    chain post {
      type nat hook postrouting priority srcnat
      oifname "${LEAVES_BY[scenario]}" masquerade
    }
  }`;
  const { error, status, stderr } = spawnSync("nft", ["-f", "-"], { input, encoding: "utf8" });
  if (error !== undefined) throw new Error("nft is missing: apt-get install nftables");
  if (status !== 0) throw new Error(stderr);
}
