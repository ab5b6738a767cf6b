// An address that is exposed, but not with this port or protocol.

import type { IpAddress } from "../../../wire/ip-address.ts";
import { protocolName } from "../../../wire/ip-protocol.ts";
import { formatPrefix } from "../../../wire/prefix.ts";
import type { Work } from "../../work.ts";
import type { NearMiss } from "../explanation.ts";
import { addressDistance, portDistance, sayPort } from "./distance.ts";
import { decisionOf, type Offer } from "./exposes.ts";
import { least } from "./least.ts";

/** How many are told. */
const MOST = 2;
const OTHER_PROTOCOL = 65_536;

/** `port` -1: the packet has none. `covered` is told of those that lack nothing. */
export function* nearPorts(
  address: IpAddress,
  port: number,
  protocol: number,
  offers: Iterable<Offer>,
  covered?: string,
): Work<readonly NearMiss[]> {
  const distance = (offer: Offer) =>
    addressDistance(address, offer.entry.prefix) === 0n
      ? distanceOf(offer, port, protocol)
      : undefined;
  const near = yield* least(offers, distance, { most: MOST });
  return near.flatMap((offer) => {
    const text = say(offer, port, protocol) ?? covered;
    return text === undefined ? [] : [{ text, decision: decisionOf(offer) }];
  });
}

function distanceOf({ expose, entry }: Offer, port: number, protocol: number): number {
  const other = expose.kind === "nat" && (expose.protocol ?? protocol) !== protocol;
  const ports = port < 0 ? 0 : portDistance(port, entry.ports);
  return ports + (other ? OTHER_PROTOCOL : 0);
}

/** What it lacks. */
function say({ expose, entry }: Offer, port: number, protocol: number): string | undefined {
  const only = expose.kind === "nat" ? expose.protocol : undefined;
  const words: string[] = [];
  if (only !== undefined && only !== protocol) {
    words.push(`it is for ${protocolName(only)}, and this is ${protocolName(protocol)}`);
  }
  if (entry.ports !== undefined && port < 0)
    words.push("it is for ports, and this packet has none");
  if (entry.ports !== undefined && port >= 0 && portDistance(port, entry.ports) > 0) {
    words.push(sayPort(port, entry.ports));
  }
  if (words.length === 0) return undefined;
  return `${formatPrefix(entry.prefix)} has the address, but ${words.join(", and ")}.`;
}
