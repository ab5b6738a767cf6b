// An address that no expose has: those whose prefix is nearest, and the mistakes that people make.

import type { Config } from "../../../config/model.ts";
import { formatIpAddress, type IpAddress } from "../../../wire/ip-address.ts";
import { formatPrefixPorts } from "../../../wire/prefix-ports.ts";
import type { NearMiss } from "../explanation.ts";
import type { PacketFacts } from "../packet-facts.ts";
import { addressDistance, sayAddress } from "./distance.ts";
import {
  decisionOf,
  destinationsOf,
  elsewhere,
  hiddenFrom,
  type Offer,
  publicsOf,
  sourcesOf,
} from "./exposes.ts";

/** How many are told. */
const MOST = 2;

export function nearDestinations(config: Config, from: string, packet: PacketFacts): NearMiss[] {
  const { destination } = packet;
  const told = [
    ...insideOf(destination, hiddenFrom(config, from)).map(sayHidden),
    ...insideOf(destination, elsewhere(config, from)).map((offer) => sayElsewhere(offer, from)),
  ];
  const places = new Set(told.map(({ decision }) => decision?.place));
  const near = nearestTo(destination, destinationsOf(config, from));
  return [...told, ...near.filter(({ decision }) => !places.has(decision?.place))].slice(0, MOST);

  function sayHidden(offer: Offer): NearMiss {
    const shown = publicsOf(offer.expose).map(formatPrefixPorts).join(", ");
    const address = formatIpAddress(destination);
    const whose = `${address} is what ${offer.side.vpc} itself calls that host`;
    return { text: `${whose}: ${from} reaches it by ${shown}.`, decision: decisionOf(offer) };
  }

  function sayElsewhere(offer: Offer, vpc: string): NearMiss {
    const { side, peering } = offer;
    const other = peering.sides.find((each) => each !== side)?.vpc ?? side.vpc;
    const shown = `${side.vpc} shows ${formatIpAddress(destination)} to ${other}`;
    const where = `in peering ${peering.name}; ${vpc} has no part in it`;
    return { text: `${shown}, ${where}.`, decision: decisionOf(offer) };
  }
}

export function nearSources(
  config: Config,
  from: string,
  peering: string | undefined,
  { source }: PacketFacts,
): NearMiss[] {
  return nearestTo(source, sourcesOf(config, from, peering)).slice(0, MOST);
}

function insideOf(address: IpAddress, offers: readonly Offer[]): Offer[] {
  return offers.filter(({ entry }) => addressDistance(address, entry.prefix) === 0n);
}

function nearestTo(address: IpAddress, offers: readonly Offer[]): NearMiss[] {
  return offers
    .flatMap((offer) => {
      const distance = addressDistance(address, offer.entry.prefix);
      return distance === undefined ? [] : { offer, distance };
    })
    .sort((a, b) => (a.distance < b.distance ? -1 : a.distance > b.distance ? 1 : 0))
    .map(({ offer }) => ({
      text: `${sayAddress(address, offer.entry.prefix)}.`,
      decision: decisionOf(offer),
    }));
}
