// By reason: what came closest to letting the packet pass.

import type { Config } from "../../../config/model.ts";
import type { FlowView } from "../../../gateway/gateway.ts";
import type { Outcome } from "../../../gateway/outcome.ts";
import { formatIpAddress } from "../../../wire/ip-address.ts";
import { formatPrefix } from "../../../wire/prefix.ts";
import type { NearMiss } from "../explanation.ts";
import type { PacketFacts } from "../packet-facts.ts";
import { nearRules } from "./acl.ts";
import { nearDestinations, nearSources } from "./addresses.ts";
import { destinationsOf, sourcesOf } from "./exposes.ts";
import { nearFlows } from "./flows.ts";
import { nearPorts } from "./ports.ts";

export interface Dropped {
  readonly config: Config;
  /** Some that there are, at most as many as may be looked at in one go. */
  readonly flows: Iterable<FlowView>;
  readonly from: string;
  /** As it came. */
  readonly packet: PacketFacts;
  readonly ways: Pick<Outcome, "to" | "peering" | "source" | "destination" | "acl">;
}

/** Told of those that a VPC has. */
const WAYS = 2;

type Search = (dropped: Dropped) => readonly NearMiss[];

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
  "acl-denied": (dropped) => [...sayRule(dropped), ...findRule(dropped)],
  "no-flow": (dropped) => [...nearFlows(dropped), ...sayClosed(dropped)],
  "flow-expired": nearFlows,
  "no-free-port": sayPool,
  "host-flow-limit": saySource,
  "too-big": sayMtu,
  "no-route": sayRoutes,
};

export function nearestMisses(reason: string, dropped: Dropped): readonly NearMiss[] {
  return SEARCHES[reason]?.(dropped) ?? [];
}

function sayRule({ ways: { acl } }: Dropped): NearMiss[] {
  return acl === undefined ? [] : [{ text: "This denies it.", decision: acl }];
}

function findRule({ config, from, packet, ways }: Dropped): NearMiss[] {
  return ways.peering === undefined ? [] : nearRules(config, ways.peering, from, packet);
}

/** The destination is a public address of an expose that only answers. */
function sayClosed({ config, from, packet }: Dropped): NearMiss[] {
  const { destination, destinationPort } = packet;
  const nobody = `nobody opens one to them by ${formatIpAddress(destination)}`;
  return nearPorts(destination, destinationPort, packet.protocol, destinationsOf(config, from))
    .slice(0, 1)
    .map(({ decision }) => {
      return { text: `Hosts behind this expose open connections; ${nobody}.`, decision };
    });
}

function sayPool({ ways: { source } }: Dropped): NearMiss[] {
  return source ? [{ text: "All that this has is in use.", decision: source }] : [];
}

function saySource({ ways: { source } }: Dropped): NearMiss[] {
  return source ? [{ text: "This says how many there may be.", decision: source }] : [];
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
