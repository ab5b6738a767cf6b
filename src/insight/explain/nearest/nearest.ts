// By reason: what came closest to letting the packet pass.

import type { Config } from "../../../config/model.ts";
import type { Outcome } from "../../../gateway/outcome.ts";
import { formatIpAddress } from "../../../wire/ip-address.ts";
import { formatPrefix } from "../../../wire/prefix.ts";
import type { Work } from "../../work.ts";
import type { NearMiss } from "../explanation.ts";
import type { PacketFacts } from "../packet-facts.ts";
import { nearRules } from "./acl.ts";
import { nearDestinations, nearSources } from "./addresses.ts";
import { destinationsOf, sourcesOf } from "./exposes.ts";
import { nearPorts } from "./ports.ts";

export interface Dropped {
  readonly config: Config;
  /** Found while its flows were there: see `asksForFlows`. */
  readonly flows: readonly NearMiss[];
  readonly from: string;
  /** As it came. */
  readonly packet: PacketFacts;
  readonly ways: Pick<Outcome, "to" | "peering" | "source" | "destination" | "acl">;
}

/** Told of those that a VPC has. */
const WAYS = 2;

type Found = readonly NearMiss[];
type Search = (dropped: Dropped) => Found | Work<Found>;

const SEARCHES: Readonly<Record<string, Search>> = {
  "no-peering": ({ config, from, packet }) => nearDestinations(config, from, packet),
  "port-not-exposed": ({ config, from, packet }) => {
    const { destination, destinationPort, protocol } = packet;
    return nearPorts(destination, destinationPort, protocol, destinationsOf(config, from));
  },
  "source-not-exposed": ({ config, from, ways, packet }) =>
    nearSources(config, from, ways.peering, packet),
  "source-port-not-exposed": ({ config, from, ways, packet }) => {
    const { source, sourcePort, protocol } = packet;
    return nearPorts(source, sourcePort, protocol, sourcesOf(config, from, ways.peering));
  },
  "acl-denied": findRule,
  "no-flow": sayClosed,
  "flow-expired": ({ flows }) => flows,
  "no-free-port": sayPool,
  "host-flow-limit": saySource,
  "vpc-flow-limit": sayFlows,
  "too-big": sayMtu,
  "no-route": sayRoutes,
};

/** Whether flows may come close to a packet that is dropped for that reason. */
export function asksForFlows(reason: string): boolean {
  return reason === "no-flow" || reason === "flow-expired";
}

export function* nearestMisses(reason: string, dropped: Dropped): Work<Found> {
  const found = SEARCHES[reason]?.(dropped) ?? [];
  return "next" in found ? yield* found : found;
}

function* findRule({ config, from, packet, ways }: Dropped): Work<Found> {
  const { acl, peering } = ways;
  const denies = acl === undefined ? [] : [{ text: "This denies it.", decision: acl }];
  if (peering === undefined) return denies;
  return [...denies, ...(yield* nearRules(config, peering, from, packet))];
}

/** The destination is a public address of an expose that only answers. Another one may forward
 * ports of it. */
function* sayClosed({ config, flows, from, packet }: Dropped): Work<Found> {
  const { destination, destinationPort, protocol } = packet;
  const address = formatIpAddress(destination);
  const there = destinationPort < 0 ? address : `port ${destinationPort} of ${address}`;
  const closed = `Hosts behind this expose open connections; nobody opens one to ${there}.`;
  const offers = destinationsOf(config, from);
  return [...flows, ...(yield* nearPorts(destination, destinationPort, protocol, offers, closed))];
}

function sayPool({ ways: { source } }: Dropped): NearMiss[] {
  return source ? [{ text: "All that this has is in use.", decision: source }] : [];
}

function saySource({ ways: { source } }: Dropped): NearMiss[] {
  return source ? [{ text: "This says how many there may be.", decision: source }] : [];
}

function sayFlows({ config, from }: Dropped): NearMiss[] {
  const flows = config.vpcs.find(({ name }) => name === from)?.flows;
  if (flows === undefined) return [];
  return [{ text: `Most flows that hosts of ${from} may have open: ${flows}.` }];
}

function sayMtu({ config, packet, ways: { to } }: Dropped): NearMiss[] {
  const mtu = config.vpcs.find(({ name }) => name === to)?.mtu;
  if (mtu === undefined || packet.length < 0) return [];
  const over = packet.length - mtu;
  return [{ text: `${to} takes ${mtu} bytes, and this is ${packet.length}: ${over} too many.` }];
}

function sayRoutes({ config, ways: { to } }: Dropped): NearMiss[] {
  const ways = [
    ...config.attachments.map((each) => ({ ...each, what: "attachment" })),
    ...config.routes.map((each) => ({ ...each, network: each.to, what: "route" })),
  ].filter(({ vpc }) => vpc === to);
  if (ways.length === 0) return [{ text: `${to} has no attachment and no route.` }];
  return ways.slice(0, WAYS).map(({ network, what, place }) => ({
    text: `Of ${to} only ${formatPrefix(network)} can be reached by this.`,
    decision: { label: `${what} of ${to}`, place },
  }));
}
