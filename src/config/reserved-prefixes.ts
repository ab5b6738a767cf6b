// Addresses no expose may offer: they mean something else on every network.

import { normalise } from "../wire/normalise.ts";
import { type Prefix, parsePrefix, prefixesOverlap } from "../wire/prefix.ts";
import type { PrefixPorts } from "../wire/prefix-ports.ts";

const RESERVED: readonly { readonly prefix: Prefix; readonly reason: string }[] = [
  ["0.0.0.0/8", "unspecified"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255/32", "limited broadcast"],
  ["240.0.0.0/4", "reserved"],
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::ffff:0:0/96", "IPv4-mapped"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
].map(([text, reason]) => ({ prefix: parsePrefix(text!)!, reason: reason! }));

/** All addresses of both families that may be exposed: what a default expose stands for. A router
 * must not forward the others (RFC 1812, 5.3.7; RFC 4291, 2.5.6). */
export const EXPOSABLE: readonly PrefixPorts[] = normalise(
  [parsePrefix("0.0.0.0/0")!, parsePrefix("::/0")!].map((prefix) => ({ prefix })),
  RESERVED.map(({ prefix }) => ({ prefix })),
);

/** Why the prefix cannot be used: the first special-use block it overlaps. */
export function reservedReason(prefix: Prefix): string | undefined {
  return RESERVED.find((each) => prefixesOverlap(each.prefix, prefix))?.reason;
}
