// The `isthmus` key: what only this gateway has.

import { bits, type IpAddress, parseIpAddress } from "../wire/ip-address.ts";
import { isUnicastMac, parseMac } from "../wire/mac.ts";
import { parsePrefix } from "../wire/prefix.ts";
import type { Reporter } from "./report.ts";
import type { RawConfig } from "./shape.ts";

export function checkIsthmus(raw: RawConfig, names: ReadonlySet<string>, at: Reporter): void {
  if (at.tainted) return;
  const { attachments = [], underlay, vpcs = {} } = raw.isthmus ?? {};
  for (const [index, { vpc, address }] of attachments.entries()) {
    const here = at.at("attachments", index);
    checkVpc(vpc, names, here.at("vpc"));
    if (!isHostAddress(address)) {
      const hint = 'Write the gateway\'s own address with its length, such as "10.0.0.1/24".';
      const message = `"${address}" is no address of a host in its network.`;
      here.at("address").say("isthmus/bad-address", message, hint);
    }
  }
  if (underlay) {
    checkVtep(underlay.vtep, at.at("underlay", "vtep"));
    if (underlay.vtepMac !== undefined) checkMac(underlay.vtepMac, at.at("underlay", "vtepMac"));
  }
  for (const [name, { vtep, routerMac, addresses = [] }] of Object.entries(vpcs)) {
    const here = at.at("vpcs", name);
    checkVpc(name, names, here);
    if (vtep !== undefined) checkVtep(vtep, here.at("vtep"));
    if (routerMac !== undefined) checkMac(routerMac, here.at("routerMac"));
    if ((vtep === undefined) !== (routerMac === undefined)) {
      const message = "The far end of a tunnel is an address and a MAC.";
      here.say("isthmus/half-a-tunnel", message, "Give both vtep and routerMac, or neither.");
    }
    checkAddresses(addresses, here.at("addresses"));
  }
}

function checkAddresses(addresses: readonly string[], at: Reporter): void {
  const families = new Set<number>();
  for (const [index, text] of addresses.entries()) {
    const address = parseIpAddress(text);
    const usable = address && isUnicast(address) && !families.has(address.family);
    if (address) families.add(address.family);
    if (usable) continue;
    const message = `"${text}" is no unicast address, or the second of its family.`;
    at.at(index).say("isthmus/bad-address", message, "Give one IPv4 and one IPv6 address at most.");
  }
}

function checkVpc(name: string, names: ReadonlySet<string>, at: Reporter): void {
  if (names.has(name)) return;
  at.say("isthmus/unknown-vpc", `There is no VPC "${name}".`, "Add it under vpcs, or correct it.");
}

/** Tunnels run over IPv4. */
function checkVtep(text: string, at: Reporter): void {
  const address = parseIpAddress(text);
  if (address?.family === 4 && isUnicast(address)) return;
  const message = `"${text}" is no unicast IPv4 address.`;
  at.say("isthmus/bad-address", message, 'Write an address, such as "10.0.0.1".');
}

/** "10.0.0.1/24": an address with the length of its network, and neither the network's own nor its
 * broadcast address (RFC 3021: a /31 has neither). */
function isHostAddress(text: string): boolean {
  const prefix = parsePrefix(text);
  const address = parseIpAddress(text.split("/")[0] ?? "");
  if (!prefix || !address || !isUnicast(address)) return false;
  const hostBits = BigInt(bits(address.family) - prefix.length);
  if (hostBits < 2n) return true;
  const host = address.value & ((1n << hostBits) - 1n);
  return host !== 0n && (address.family === 6 || host !== (1n << hostBits) - 1n);
}

function isUnicast({ family, value }: IpAddress): boolean {
  if (family === 6) return value > 1n && value >> 120n !== 0xffn;
  const first = value >> 24n;
  return first !== 0n && first !== 127n && first < 224n;
}

function checkMac(text: string, at: Reporter): void {
  const mac = parseMac(text);
  if (mac && isUnicastMac(mac)) return;
  at.say("isthmus/bad-mac", `"${text}" is no unicast MAC address.`, 'Write "02:00:00:00:00:01".');
}
