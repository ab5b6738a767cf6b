// Cables between namespaces, and bridges that join them.

import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";

/** What is made here from now on says nothing by itself. */
export function silence(namespace: Namespace): void {
  namespace.sysctl({ "net.ipv6.conf.default.disable_ipv6": 1 });
}

/** The end of a cable, in the words of `ip link add`. */
export function end(namespace: Namespace, name: string, mtu: number, mac?: string): string {
  const address = mac === undefined ? "" : `address ${mac}`;
  return `${name} netns ${namespace.name} mtu ${mtu} ${address}`;
}

export function connect(from: Namespace, own: string, other: string): void {
  from.ip(`link add name ${own} type veth peer name ${other}`);
}

/** A namespace that is a switch and nothing else. */
export function makeBridge(lab: Lab, role: string, mtu: number): Namespace {
  const bridge = lab.namespace(role);
  silence(bridge);
  bridge.ip(...bridgeLines(mtu));
  return bridge;
}

/** Floods until it has learned; no protocol of its own. */
export function bridgeLines(mtu: number): string[] {
  return [`link add br0 mtu ${mtu} type bridge mcast_snooping 0`, "link set dev br0 up"];
}

/** Connects the end of a cable to a port of the bridge there. */
export function plugIn(bridge: Namespace, port: number, other: string, mtu: number): void {
  const own = end(bridge, `port${port}`, mtu);
  connect(bridge, own, other);
  bridge.ip(`link set dev port${port} master br0`, `link set dev port${port} up`);
}
