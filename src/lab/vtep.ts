// A tunnel endpoint made of the kernel's own VXLAN device. It learns where inner MAC addresses are
// from what it receives, and floods to the gateway and to all other endpoints of its VNI.

import { bridgeLines } from "./cables.ts";
import { addressLines, forward, plugInHosts, routeLines } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { bareAddress, type UnderlayPlan, type VtepPlan } from "./network-plan.ts";

const PORT = 4789;
/** Outer Ethernet is not counted by MTUs: IPv4, UDP, VXLAN, inner Ethernet. */
const TUNNEL_BYTES = 50;
/** Next hops of an L3 tunnel: addresses that nobody has, as only their MAC address is of use. */
const NEXT_HOPS = ["169.254.0.1", "fe80::1"];

/** The name of a tunnel's device. */
export function tunnelInterface(vni: number): string {
  return `vx${vni}`;
}

/** `namespaces` of the lab are connected to the underlay already; `mtu` is its. */
export function makeVtep(lab: Lab, plan: VtepPlan, underlay: UnderlayPlan, mtu: number): void {
  const vtep = lab.namespace(plan.name);
  const { hosts = [], router } = plan;
  const inner = mtu - TUNNEL_BYTES;
  const peers = underlay.vteps.filter(({ vni, name }) => vni === plan.vni && name !== plan.name);
  const remotes = [underlay.address, ...(router ? [] : peers.map(({ address }) => address))];
  makeTunnel(vtep, { vni: plan.vni, local: plan.address, remotes, mtu: inner, mac: router?.mac });
  const device = tunnelInterface(plan.vni);
  if (router !== undefined) {
    forward(vtep);
    vtep.ip(...bridgeLines(inner), ...addressLines("br0", router.addresses));
    vtep.ip(...routeThrough(device, router.gatewayMac));
  } else if (hosts.length > 0) {
    vtep.ip(...bridgeLines(inner), `link set dev ${device} master br0`);
  }
  if (plan.addresses !== undefined) {
    vtep.ip(...addressLines(device, plan.addresses));
    vtep.ip(...routeLines(device, plan.via));
  }
  plugInHosts(lab, vtep, hosts, router?.addresses.map(bareAddress) ?? plan.via, inner);
}

export interface TunnelPlan {
  readonly vni: number;
  /** Outer addresses, with or without length. */
  readonly local: string;
  readonly remotes: readonly string[];
  /** Of the device. */
  readonly mtu: number;
  readonly mac?: string | undefined;
}

/** Makes the device of a tunnel, and switches it on. */
export function makeTunnel(vtep: Namespace, plan: TunnelPlan): void {
  const { vni, local, mtu, mac } = plan;
  const device = tunnelInterface(vni);
  const address = mac === undefined ? "" : `address ${mac}`;
  const endpoint = `local ${bareAddress(local)} dstport ${PORT}`;
  vtep.ip(
    `link add name ${device} mtu ${mtu} ${address} type vxlan id ${vni} ${endpoint} learning`,
  );
  vtep.ip(`link set dev ${device} up`);
  const everybody = `fdb append 00:00:00:00:00:00 dev ${device} dst`;
  vtep.bridge(...plan.remotes.map((remote) => `${everybody} ${bareAddress(remote)}`));
}

/** Default routes to a router at the other end of an L3 tunnel. */
function routeThrough(device: string, mac: string): string[] {
  const neighbors = NEXT_HOPS.map((hop) => `neigh add ${hop} lladdr ${mac} dev ${device}`);
  return [...neighbors, ...routeLines(device, NEXT_HOPS)];
}
