// ICMP errors, as the oracle sees them: they go where an answer to the packet they quote would go
// (RFC 5508, REQ-3 to REQ-5), and change no state (REQ-6).

import type { Address } from "./address.ts";
import type { Rewrite } from "./expected.ts";
import { isAlive, otherWay, type Way } from "./flow.ts";
import { TCP, UDP } from "./model.ts";
import { needsFlow } from "./opening.ts";
import { flowKey, headerIntact, type Packet, transportResidue } from "./packet.ts";
import { chooseSource, type Direction, translated } from "./routes.ts";
import type { State } from "./state.ts";

export interface Passage {
  /** "": it passes. */
  readonly drop: string;
  readonly direction?: Direction | undefined;
  readonly way?: undefined;
  /** The source of the error itself, and the packet inside, as they go out. */
  readonly source: Address;
  readonly inner: Rewrite;
}

const ICMP_HEADER = 8;

export function errorPasses(
  state: State,
  packet: Packet,
  quoted: Packet,
  verdict: string,
): Passage {
  const { view, v6, l4, length } = packet;
  const at = l4 + ICMP_HEADER;
  if (transportResidue(view, 0, length) !== 0xffff) return refused(packet, "icmp-bad-checksum");
  if (length - at < (v6 ? 40 : 20)) return refused(packet, "icmp-error-incomplete");
  if (!v6 && !headerIntact(view, at)) return refused(packet, "icmp-quoted-bad-checksum");
  const protocol = view.getUint8(at + (v6 ? 6 : 9));
  const enough = protocol === TCP || protocol === UDP ? 4 : 6;
  if (length - at - (v6 ? 40 : 20) < enough) return refused(packet, "icmp-error-incomplete");
  quoted.vpc = packet.vpc;
  quoted.read(packet, at, length);
  if (quoted.source !== packet.destination) return refused(packet, "icmp-error-mismatch");
  const way = answerTo(state, packet.vpc, quoted);
  if (way === undefined) return byExposes(state, packet, quoted);
  if (isAlive(way.flow, state.tick)) return byFlow(packet, way);
  const without = byExposes(state, packet, quoted);
  if (without.drop === "") return without;
  if (state.isKnown(way.flow) || verdict === "flow-expired") {
    return refused(packet, "flow-expired", without.direction ?? way.direction);
  }
  state.forget(way.flow);
  return without;
}

function refused(packet: Packet, drop: string, direction?: Direction): Passage {
  return { drop, direction, source: packet.source, inner: packet };
}

function answerTo(state: State, vpc: number, quoted: Packet): Way | undefined {
  const { protocol, source, destination, sourcePort, destinationPort } = quoted;
  if (sourcePort < 0) return undefined;
  const key = flowKey(vpc, protocol, destination, source, destinationPort, sourcePort);
  return state.ways.get(key);
}

function byFlow(packet: Packet, way: Way): Passage {
  const { source, destination, sourcePort, destinationPort } = otherWay(way);
  const { direction } = way;
  const mapped = mappedSource(direction, packet);
  const hidden = way.hides || packet.source === way.source;
  return {
    drop: "",
    direction,
    source: mapped ?? (hidden ? destination : packet.source),
    inner: { source, destination, sourcePort, destinationPort },
  };
}

/** What a side that translates whole addresses without flows makes of whoever sends the error. */
function mappedSource(direction: Direction, { source, protocol }: Packet): Address | undefined {
  const route = chooseSource(direction, protocol, { address: source, port: -1 });
  if (typeof route === "string" || needsFlow(route.expose) || route.range.ports) return undefined;
  const { privates, publics } = route.expose;
  return translated(privates, publics, { address: source, port: -1 }).address;
}

function byExposes(state: State, packet: Packet, quoted: Packet): Passage {
  const { protocol, query } = quoted;
  const source = { address: quoted.source, port: query ? -1 : quoted.sourcePort };
  const target = { address: quoted.destination, port: query ? -1 : quoted.destinationPort };
  const found = state.routes.destination(packet.vpc, protocol, source);
  if (typeof found === "string") {
    return refused(packet, found === "no-flow" ? "no-flow" : "icmp-error-unrelated");
  }
  const back = found[0]!;
  const from = chooseSource(back.way, protocol, target);
  if (typeof from === "string") return refused(packet, "icmp-error-unrelated", back.way);
  if (needsFlow(back.expose) || needsFlow(from.expose)) {
    return refused(packet, "no-flow", back.way);
  }
  const newSource = translated(back.expose.publics, back.expose.privates, source);
  const newTarget = translated(from.expose.privates, from.expose.publics, target);
  const inner = {
    source: newSource.address,
    destination: newTarget.address,
    sourcePort: query ? quoted.sourcePort : newSource.port,
    destinationPort: query ? quoted.sourcePort : newTarget.port,
  };
  // Where only endpoints are translated, who complains itself is known by the one it is seen by.
  const own = packet.source === quoted.destination ? newTarget.address : packet.source;
  const mapped = mappedSource(back.way, packet);
  return { drop: "", direction: back.way, source: mapped ?? own, inner };
}
