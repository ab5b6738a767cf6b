// Static routes of VPCs: by a router on an attachment, or behind a tunnel.

import { type IpAddress, parseIpAddress, sameIpAddress } from "../wire/ip-address.ts";
import { containsAddress, formatPrefix, type Prefix, parsePrefix } from "../wire/prefix.ts";
import { isHostOf, isText, isUnicast, parseTunnelRouter } from "./gateway-addresses.ts";
import type { NextHop, StaticRoute, Underlay } from "./model.ts";
import { knownVpc, type ParsedAttachment } from "./parse-attachments.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawIsthmus } from "./shape.ts";

type RawRoute = NonNullable<RawIsthmus["routes"]>[number];

/** What routes are checked against. */
export interface Surroundings {
  /** Names of VPCs; undefined when that cannot be known. */
  readonly vpcs: ReadonlySet<string> | undefined;
  readonly underlay: Partial<Underlay> | undefined;
  /** By VPC; under undefined those whose VPC is not known. */
  readonly attachments: ReadonlyMap<string | undefined, readonly ParsedAttachment[]>;
  /** Addresses of the gateway's own that are no attachment's. */
  readonly ownOf: (vpc: string) => readonly IpAddress[];
}

/** Only routes with all their parts, which is all of them when nothing is wrong. */
export function parseStaticRoutes(
  { routes }: RawIsthmus,
  around: Surroundings,
  report: Reporter,
): readonly StaticRoute[] {
  const seen = new Map<string, Located>();
  return (Array.isArray(routes) ? routes : []).flatMap((each, index) => {
    const raw: Partial<RawRoute> = isMapping(each) ? each : {};
    const at = report.at("routes", index);
    const sound = !at.tainted;
    const vpc = isText(raw.vpc) ? knownVpc(raw.vpc, around.vpcs, at.at("vpc")) : undefined;
    const to = isText(raw.to) ? parseTo(raw.to, at.at("to")) : undefined;
    if (vpc !== undefined && to) checkTwice(vpc, to, seen, at);
    const hop = parseHop(raw, vpc, to, { ...around, sound }, at);
    if (vpc === undefined || !to || !hop) return [];
    return [{ vpc, to, hop, place: at.located.place }];
  });
}

function parseTo(text: string, at: Reporter): Prefix | undefined {
  const prefix = parsePrefix(text);
  if (!prefix) {
    const hint = 'Write address and length, such as "10.1.0.0/16".';
    at.say("route/bad-prefix", `"${text}" is no prefix.`, hint);
    return undefined;
  }
  const written = parseIpAddress(text.split("/")[0]!);
  if (written?.value === prefix.network) return prefix;
  const message = `${text} has bits of an address behind its length.`;
  at.say("route/bad-prefix", message, `Write ${formatPrefix(prefix)} if that is meant.`);
  return undefined;
}

function checkTwice(vpc: string, to: Prefix, seen: Map<string, Located>, at: Reporter): void {
  const key = `${formatPrefix(to)} ${vpc}`;
  const other = seen.get(key);
  if (!other) seen.set(key, at.at("to").located);
  else {
    const message = `${vpc} has two routes to ${formatPrefix(to)}.`;
    at.at("to").say("route/duplicate", message, "Keep one of them.", other);
  }
}

function parseHop(
  raw: Partial<RawRoute>,
  vpc: string | undefined,
  to: Prefix | undefined,
  around: Surroundings & { readonly sound: boolean },
  at: Reporter,
): NextHop | undefined {
  const router = raw.via !== undefined;
  const tunnel = raw.vtep !== undefined || raw.routerMac !== undefined;
  // When not all is sound, a key may stand there with a slip.
  if (router === tunnel && (router || around.sound)) {
    const message = "A route leads to a router or into a tunnel: one of the two.";
    at.say("route/one-hop", message, "Give either via, or vtep and routerMac.");
  }
  const via = isText(raw.via) ? parseVia(raw.via, vpc, to, around, at.at("via")) : undefined;
  const remote = tunnel ? parseTunnelRouter(raw, around.underlay, around.sound, at) : undefined;
  if (router) return via && !tunnel ? { kind: "router", via } : undefined;
  return remote && { kind: "tunnel", ...remote };
}

function parseVia(
  text: string,
  vpc: string | undefined,
  to: Prefix | undefined,
  around: Surroundings,
  at: Reporter,
): IpAddress | undefined {
  const via = parseIpAddress(text);
  if (!via || !isUnicast(via)) {
    const message = `"${text}" is no unicast address.`;
    at.say("isthmus/bad-address", message, 'Write the address of a router, such as "10.0.0.7".');
    return undefined;
  }
  if (to && via.family !== to.family) {
    const message = `${text} cannot be the router to ${formatPrefix(to)}: one is IPv4, one IPv6.`;
    at.say("route/mixed-families", message, `Write an IPv${to.family} address.`);
    return undefined;
  }
  return vpc === undefined || isNeighbor(via, text, vpc, around, at) ? via : undefined;
}

/** Whether a router of that address can be on a segment of the VPC; says why it cannot. */
function isNeighbor(
  via: IpAddress,
  text: string,
  vpc: string,
  { attachments, ownOf }: Surroundings,
  at: Reporter,
): boolean {
  const attached = attachments.get(vpc) ?? [];
  const own = attached.find(({ host }) => host && sameIpAddress(host.address, via));
  if (own || ownOf(vpc).some((address) => sameIpAddress(address, via))) {
    const message = `${text} is the gateway itself in ${vpc}.`;
    const hint = "Write the address of the next router.";
    at.say("route/own-address", message, hint, own?.at.at("address").located);
    return false;
  }
  const around = attached.find(({ host }) => host && containsAddress(host.network, via));
  if (around?.host && isHostOf(around.host.network, via)) return true;
  // An attachment with something wrong in it may be the one.
  const unsure = attachments.has(undefined) || attached.some(({ host }) => !host);
  if (!around && unsure) return true;
  const message = `No segment of ${vpc} has a host ${text}.`;
  const hint = "Use a router in a connected network; link-local addresses cannot be routers here.";
  at.say("route/unreachable", message, hint, around?.at.at("address").located);
  return false;
}
