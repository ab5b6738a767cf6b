// Addresses of the gateway itself and of those that it sends to: what only a single host may have.

import { bits, type IpAddress, parseIpAddress, sameIpAddress } from "../wire/ip-address.ts";
import { isUnicastMac, parseMac } from "../wire/mac.ts";
import { type Prefix, parsePrefix } from "../wire/prefix.ts";
import type { TunnelRouter, Underlay } from "./model.ts";
import type { Reporter } from "./report.ts";

/** Reads the address of a VTEP. Tunnels run over IPv4. */
export function parseVtep(text: string, at: Reporter): IpAddress | undefined {
  const address = parseIpAddress(text);
  if (address?.family === 4 && isUnicast(address)) return address;
  const message = `"${text}" is no unicast IPv4 address.`;
  at.say("isthmus/bad-address", message, 'Write an address, such as "10.0.0.1".');
  return undefined;
}

/** The same for the far end of a tunnel. */
export function parseRemoteVtep(
  text: string,
  underlay: Partial<Underlay> | undefined,
  at: Reporter,
): IpAddress | undefined {
  const address = parseVtep(text, at);
  if (!address || !underlay?.vtep || !sameIpAddress(address, underlay.vtep)) return address;
  const message = `${text} is this gateway's own VTEP.`;
  at.say("isthmus/own-vtep", message, "Write the address of the tunnel's far end.");
  return undefined;
}

export function parseUnicastMac(text: string, at: Reporter): Uint8Array | undefined {
  const mac = parseMac(text);
  if (mac && isUnicastMac(mac)) return mac;
  at.say("isthmus/bad-mac", `"${text}" is no unicast MAC address.`, 'Write "02:00:00:00:00:01".');
  return undefined;
}

/** Reads `vtep` and `routerMac`, which belong together, of a part of the document. `sound`: all its
 * keys are known, so that none stands there with a slip. */
export function parseTunnelRouter(
  raw: { readonly vtep?: unknown; readonly routerMac?: unknown },
  underlay: Partial<Underlay> | undefined,
  sound: boolean,
  at: Reporter,
): TunnelRouter | undefined {
  const half = (raw.vtep === undefined) !== (raw.routerMac === undefined);
  const vtep = isText(raw.vtep) ? parseRemoteVtep(raw.vtep, underlay, at.at("vtep")) : undefined;
  const routerMac = isText(raw.routerMac)
    ? parseUnicastMac(raw.routerMac, at.at("routerMac"))
    : undefined;
  if (half && sound) {
    const message = "The far end of a tunnel is an address and a MAC.";
    at.say("isthmus/half-a-tunnel", message, "Give both vtep and routerMac, or neither.");
  }
  return vtep && routerMac ? { vtep, routerMac } : undefined;
}

/** Reads "10.0.0.1/24": an address of a host, and the network that it is in. */
export function parseHostAddress(
  text: string,
): { readonly address: IpAddress; readonly network: Prefix } | undefined {
  const network = parsePrefix(text);
  const address = parseIpAddress(text.split("/")[0] ?? "");
  if (!network || !address || !isUnicast(address) || !isHostOf(network, address)) return undefined;
  return { address, network };
}

/** Whether the address, which is inside, is neither the network's own nor its broadcast address
 * (RFC 3021: a /31 has neither; RFC 4291, 2.6.1: an IPv6 network has only the former). */
export function isHostOf({ length }: Prefix, { family, value }: IpAddress): boolean {
  const hostBits = BigInt(bits(family) - length);
  if (hostBits < 2n) return true;
  const host = value & ((1n << hostBits) - 1n);
  return host !== 0n && (family === 6 || host !== (1n << hostBits) - 1n);
}

export function isUnicast({ family, value }: IpAddress): boolean {
  if (family === 6) return value > 1n && value >> 120n !== 0xffn;
  const first = value >> 24n;
  return first !== 0n && first !== 127n && first < 224n;
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}
