// What makes a namespace a host or a router: addresses, routes, forwarding.

import { end, plugIn } from "./cables.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { bareAddress, type HostPlan } from "./network-plan.ts";

/** The name of a host's interface on its segment. */
export const HOST_INTERFACE = "eth0";

/** Hosts on the bridge of a VTEP. */
export function plugInHosts(
  lab: Lab,
  bridge: Namespace,
  hosts: readonly HostPlan[],
  via: readonly string[],
  mtu: number,
): void {
  for (const [at, host] of hosts.entries()) {
    const namespace = lab.namespace(host.name);
    plugIn(bridge, at, end(namespace, HOST_INTERFACE, mtu, host.mac), mtu);
    setUpHost(namespace, host, via);
  }
}

export function setUpHost(host: Namespace, plan: HostPlan, via: readonly string[]): void {
  if (plan.behind !== undefined) forward(host);
  const behind = (plan.behind ?? []).map((address) => `address add ${bareAddress(address)} dev lo`);
  host.ip(...addressLines(HOST_INTERFACE, plan.addresses), ...behind);
  host.ip(...routeLines(HOST_INTERFACE, plan.via ?? via));
}

/** Puts addresses on an interface and switches it on. They can be used at once. */
export function addressLines(iface: string, addresses: readonly string[]): string[] {
  const nodad = (address: string) => (address.includes(":") ? "nodad" : "");
  const lines = addresses.map((each) => `address add ${each} dev ${iface} ${nodad(each)}`);
  return [...lines, `link set dev ${iface} up`];
}

/** Default routes, whether the next hop is on a prefix of the interface or not. */
export function routeLines(iface: string, via: readonly string[]): string[] {
  return via.map((address) => `route add default via ${address} dev ${iface} onlink`);
}

/** Lets the kernel there route, both families. */
export function forward(router: Namespace): void {
  router.sysctl({ "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1 });
}
