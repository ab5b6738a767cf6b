// From text to a validated configuration, or to everything that is wrong with it: the document, its
// shape, the meaning of each part, and what the parts have to do with each other. Each pass goes on
// where the one before found nothing wrong, so one mistake gives one issue.

import { bits, type IpAddress, parseIpAddress } from "../wire/ip-address.ts";
import { isUnicastMac, parseMac } from "../wire/mac.ts";
import { parsePrefix } from "../wire/prefix.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkShape } from "./check-shape.ts";
import { readDocument } from "./document.ts";
import type { ExposeMode } from "./expose-mode.ts";
import type { ConfigIssue } from "./issue.ts";
import type { Config, ConfigShape } from "./model.ts";
import { parsePeerings } from "./parse-peerings.ts";
import { parseVpcs } from "./parse-vpcs.ts";
import type { Reporter } from "./report.ts";
import { configShape, isMapping, type RawConfig } from "./shape.ts";

export interface LoadResult {
  /** Undefined when any issue is an error. */
  readonly config: Config | undefined;
  /** Errors and warnings, in the order of the document. */
  readonly issues: readonly ConfigIssue[];
}

const FLOW_TABLE_CAPACITY = 1_000_000;

/** Reads a configuration; `file` is its name in issues. Takes any text and never throws. */
export function loadConfig(text: string, file: string, modes: readonly ExposeMode[]): LoadResult {
  const { value, report } = readDocument(text, file);
  if (report.hasErrors) return { config: undefined, issues: report.issues };
  checkShape(configShape(modes), value, report);
  if (!isMapping(value)) return { config: undefined, issues: report.issues };
  const raw = value as RawConfig;
  const { root } = report;
  checkNames(raw, root);
  const sound = (key: keyof RawConfig) => isMapping(raw[key]);
  const vpcs = parseVpcs(sound("vpcs") ? raw : { ...raw, vpcs: {} }, root);
  const usable = sound("peerings") && (sound("vpcs") || raw.vpcs == null);
  const peerings = usable ? parsePeerings(raw, vpcs, modes, root) : [];
  checkRoutes(peerings, modes);
  if (sound("isthmus")) checkIsthmus(raw, vpcs.names, root.at("isthmus"));
  const capacity = raw.gateway?.flowTableCapacity;
  if (capacity === 0) {
    const at = root.at("gateway", "flowTableCapacity");
    at.say("gateway/bad-capacity", "A flow table of 0 holds nothing.", "Use 1 or more.");
  }
  if (report.hasErrors) return { config: undefined, issues: report.issues };
  const shape: ConfigShape = {
    file,
    vpcs: [...vpcs.byName.values()].map(({ vpc }) => vpc),
    peerings: peerings.map(({ peering }) => peering),
    flowTableCapacity: capacity ?? FLOW_TABLE_CAPACITY,
    underlay: raw.isthmus?.underlay,
    attachments: raw.isthmus?.attachments ?? [],
  };
  return { config: shape as Config, issues: report.issues };
}

/** A name is spoken of in stories and issues, where a blank ends it. */
function checkNames(raw: RawConfig, root: Reporter): void {
  for (const key of ["vpcs", "peerings"] as const) {
    for (const name of isMapping(raw[key]) ? Object.keys(raw[key] ?? {}) : []) {
      if (/^[^\s\p{Cc}\p{Cf}]+$/u.test(name)) continue;
      const message = `${JSON.stringify(name)} is no name for one of the ${key}.`;
      root
        .at(key, name)
        .say("shape/empty-name", message, "Use a name without blanks and control characters.");
    }
  }
}

function checkIsthmus(raw: RawConfig, names: ReadonlySet<string>, at: Reporter): void {
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
  for (const [name, { vtep, routerMac }] of Object.entries(vpcs)) {
    const here = at.at("vpcs", name);
    checkVpc(name, names, here);
    checkVtep(vtep, here.at("vtep"));
    checkMac(routerMac, here.at("routerMac"));
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
