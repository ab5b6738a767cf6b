// The kernel itself as the gateway of a network: to try networks without ours, and to compare.

import { addressLines, forward } from "./hosts.ts";
import type { Namespace } from "./namespace.ts";

/** Lets it route IPv4 and IPv6, with these addresses, with length, on these of its interfaces. */
export function routeByKernel(
  gateway: Namespace,
  addresses: Readonly<Record<string, readonly string[]>>,
): void {
  const conf = "net.ipv6.conf";
  gateway.sysctl({ [`${conf}.all.disable_ipv6`]: 0, [`${conf}.default.disable_ipv6`]: 0 });
  forward(gateway);
  const lines = Object.entries(addresses).flatMap(([iface, each]) => addressLines(iface, each));
  gateway.ip(...lines);
}
