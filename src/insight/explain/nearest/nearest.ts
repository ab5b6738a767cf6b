// By reason: what came closest to letting the packet pass.

import type { Config } from "../../../config/model.ts";
import type { Outcome } from "../../../gateway/outcome.ts";
import { formatIpAddress } from "../../../wire/ip-address.ts";
import type { NearMiss } from "../explanation.ts";
import type { PacketFacts } from "../packet-facts.ts";
import { nearRules } from "./acl.ts";
import { nearDestinations, nearSources } from "./addresses.ts";
import { destinationsOf, sourcesOf } from "./exposes.ts";
import { nearPorts } from "./ports.ts";

export interface Dropped {
  readonly config: Config;
  readonly from: string;
  /** As it came. */
  readonly packet: PacketFacts;
  readonly ways: Pick<Outcome, "to" | "peering" | "source" | "destination" | "acl">;
}

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
  "no-flow": sayClosed,
  "tcp-without-flow": sayExposes,
  "no-free-port": sayExposes,
  "host-flow-limit": sayExposes,
  "protocol-without-flow": sayExposes,
  untranslatable: sayExposes,
  "no-mapping": sayExposes,
  "tuple-in-use": sayExposes,
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
  return nearPorts(destination, destinationPort, packet.protocol, destinationsOf(config, from))
    .slice(0, 1)
    .map(({ decision }) => ({
      text: `Hosts behind this expose open connections; nobody opens one to them by ${formatIpAddress(destination)}.`,
      decision,
    }));
}

/** Those that decided about it. */
function sayExposes({ ways: { source, destination } }: Dropped): NearMiss[] {
  return [
    ...(source ? [{ text: "The source is of this expose.", decision: source }] : []),
    ...(destination ? [{ text: "The destination is of this expose.", decision: destination }] : []),
  ];
}

function sayMtu({ config, packet, ways: { to } }: Dropped): NearMiss[] {
  const mtu = config.vpcs.find(({ name }) => name === to)?.mtu;
  if (mtu === undefined || packet.length < 0) return [];
  const over = packet.length - mtu;
  return [{ text: `${to} takes ${mtu} bytes, and this is ${packet.length}: ${over} too many.` }];
}

function sayRoutes({ config, ways: { to } }: Dropped): NearMiss[] {
  const places = [
    ...config.attachments.filter(({ vpc }) => vpc === to),
    ...config.routes.filter(({ vpc }) => vpc === to),
  ];
  if (places.length === 0) return [{ text: `${to} has no attachment and no route.` }];
  return places.slice(0, 2).map(({ place }) => ({
    text: `${to} is reached by this, which does not have the address.`,
    decision: { label: `way to ${to}`, place },
  }));
}
