// An address that no expose has: those whose prefix is nearest, and the mistakes that people make.

import type { Place } from "../../../config/issue.ts";
import type { Config } from "../../../config/model.ts";
import { formatIpAddress, type IpAddress } from "../../../wire/ip-address.ts";
import { formatPrefixPorts } from "../../../wire/prefix-ports.ts";
import type { Work } from "../../work.ts";
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
import { least } from "./least.ts";

/** How many are told. */
const MOST = 2;

export function* nearDestinations(
  config: Config,
  from: string,
  { destination }: PacketFacts,
): Work<readonly NearMiss[]> {
  const hidden = yield* insideOf(destination, hiddenFrom(config, from));
  const others = yield* insideOf(destination, elsewhere(config, from));
  const told = [...hidden.map(sayHidden), ...others.map((offer) => sayElsewhere(offer, from))];
  const places = new Set(told.map(({ decision }) => decision?.place));
  const near = yield* nearestTo(destination, destinationsOf(config, from), places);
  return [...told, ...near].slice(0, MOST);

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
): Work<readonly NearMiss[]> {
  return nearestTo(source, sourcesOf(config, from, peering), new Set());
}

function insideOf(address: IpAddress, offers: Iterable<Offer>): Work<Offer[]> {
  const distanceOf = ({ entry }: Offer) =>
    addressDistance(address, entry.prefix) === 0n ? 0 : undefined;
  return least(offers, distanceOf, { most: MOST });
}

/** Each of another expose, and not of those that stand at `told`. */
function* nearestTo(
  address: IpAddress,
  offers: Iterable<Offer>,
  told: ReadonlySet<Place | undefined>,
): Work<readonly NearMiss[]> {
  const distanceOf = ({ entry, expose }: Offer) =>
    told.has(expose.place) ? undefined : addressDistance(address, entry.prefix);
  const keyOf = ({ expose }: Offer) => expose.place;
  const near = yield* least(offers, distanceOf, { most: MOST, keyOf });
  return near.map((offer) => ({
    text: `${sayAddress(address, offer.entry.prefix)}.`,
    decision: decisionOf(offer),
  }));
}
