// The `isthmus` key, as far as it says how the gateway is joined to its VPCs.

import { type IpAddress, parseIpAddress } from "../wire/ip-address.ts";
import { checkAttachments } from "./check-attachments.ts";
import { isText, isUnicast, parseTunnelRouter } from "./gateway-addresses.ts";
import type { Attachment, InterfaceOptions, StaticRoute, TunnelRouter, Underlay } from "./model.ts";
import { knownVpc, parseAttachments, wholeAttachments } from "./parse-attachments.ts";
import { parseInterfaces } from "./parse-interfaces.ts";
import { parseStaticRoutes } from "./parse-static-routes.ts";
import { parseUnderlay } from "./parse-underlay.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawConfig, type RawIsthmus } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** All there when nothing is wrong. */
export interface Joints {
  readonly attachments: readonly Attachment[];
  readonly routes: readonly StaticRoute[];
  readonly underlay: Underlay | undefined;
  readonly interfaces: readonly InterfaceOptions[];
  readonly vpcs: ReadonlyMap<string, VpcJoint>;
}

/** What `isthmus.vpcs` says of one. */
export interface VpcJoint {
  readonly remote: TunnelRouter | undefined;
  readonly addresses: readonly IpAddress[];
}

/** `names` are those of the VPCs; undefined when that cannot be known. */
export function parseIsthmus(
  config: RawConfig,
  names: ReadonlySet<string> | undefined,
  root: Reporter,
): Joints {
  const raw = isMapping(config.isthmus) && config.isthmus ? config.isthmus : {};
  const report = root.at("isthmus");
  const underlay = parseUnderlay(raw, report);
  const vpcs = parseVpcJoints(raw, names, underlay, report.at("vpcs"));
  const attachments = parseAttachments(raw, names, underlay, report);
  checkAttachments(attachments, underlay, report);
  const ownOf = (vpc: string) => vpcs.get(vpc)?.addresses ?? [];
  const byVpc = Map.groupBy(attachments, ({ vpc }) => vpc);
  const around = { vpcs: names, underlay, attachments: byVpc, ownOf };
  const routes = parseStaticRoutes(raw, around, report);
  checkUnderlayIsThere(raw, report);
  return {
    attachments: wholeAttachments(attachments),
    routes,
    underlay: underlay && (underlay as Underlay),
    interfaces: parseInterfaces(raw, namesInUse(raw), report),
    vpcs,
  };
}

function parseVpcJoints(
  { vpcs }: RawIsthmus,
  names: ReadonlySet<string> | undefined,
  underlay: Partial<Underlay> | undefined,
  report: Reporter,
): ReadonlyMap<string, VpcJoint> {
  const result = new Map<string, VpcJoint>();
  for (const [name, raw] of Object.entries(isMapping(vpcs) && vpcs ? vpcs : {})) {
    const at = report.at(name);
    const sound = !at.tainted;
    knownVpc(name, names, at);
    if (!isMapping(raw)) continue;
    result.set(name, {
      remote: parseTunnelRouter(raw, underlay, sound, at),
      addresses: parseAddresses(raw.addresses, at.at("addresses")),
    });
  }
  return result;
}

function parseAddresses(texts: unknown, at: Reporter): readonly IpAddress[] {
  const result: IpAddress[] = [];
  for (const [index, text] of (Array.isArray(texts) ? texts : []).entries()) {
    if (!isText(text)) continue;
    const address = parseIpAddress(text);
    const second = result.some(({ family }) => family === address?.family);
    if (address && isUnicast(address) && !second) result.push(address);
    else {
      const message = `"${text}" is no unicast address, or the second of its family.`;
      const hint = "Give one IPv4 and one IPv6 address at most.";
      at.at(index).say("isthmus/bad-address", message, hint);
    }
  }
  return result;
}

/** Who has a tunnel needs the underlay; the first one says so. */
function checkUnderlayIsThere(raw: RawIsthmus, report: Reporter): void {
  // It may stand there under a name with a slip.
  if (Object.keys(raw).some((key) => nearest(key, ["underlay"]) !== undefined)) return;
  const hint = "Add underlay: { interface: …, vtep: … }, this gateway's end of the tunnels.";
  for (const [list, key] of [
    ["attachments", "vteps"],
    ["routes", "vtep"],
  ] as const) {
    const all: readonly unknown[] = Array.isArray(raw[list]) ? raw[list] : [];
    const index = all.findIndex((each) => has(each, key));
    if (index < 0) continue;
    const at = report.at(list, index, key);
    at.say("isthmus/no-underlay", "There is a tunnel, but no underlay for it.", hint);
    return;
  }
  const vpcs: Readonly<Record<string, unknown>> = isMapping(raw.vpcs) ? (raw.vpcs ?? {}) : {};
  const name = Object.keys(vpcs).find(
    (each) => has(vpcs[each], "vtep") && has(vpcs[each], "routerMac"),
  );
  if (name === undefined) return;
  const message = "Without an underlay no packet goes through this tunnel.";
  report.at("vpcs", name, "vtep").say("isthmus/idle-tunnel", message, hint);
}

function has(value: unknown, key: string): boolean {
  return isMapping(value) && (value as Record<string, unknown>)[key] !== undefined;
}

/** The interfaces of attachments and of the underlay. Undefined when one may stand there under
 * another key. */
function namesInUse({ attachments, underlay }: RawIsthmus): ReadonlySet<string> | undefined {
  const result = new Set<string>();
  const holders: unknown[] = Array.isArray(attachments) ? [...attachments] : [];
  if (underlay !== undefined) holders.push(underlay);
  for (const each of holders) {
    const name = isMapping(each) ? (each as { interface?: unknown }).interface : undefined;
    if (isText(name)) result.add(name);
    else if (!has(each, "vteps")) return undefined;
  }
  return result;
}
