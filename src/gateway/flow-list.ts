// Flows for people: which there are, as packet notation.

import {
  DESTINATION,
  FlowDraft,
  NEW_DESTINATION,
  NEW_SOURCE,
  SOURCE,
} from "../tables/flow-draft.ts";
import { ticksLeft as entryTicksLeft } from "../tables/flow-entry.ts";
import { STATE_NAMES } from "../tables/flow-state.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { TICK_MILLIS } from "../tables/flow-timers.ts";
import { formatIpAddress, readIpAddress } from "../wire/ip-address.ts";

export interface FlowView {
  /** VNIs of who opened it and of the peer. */
  readonly from: number;
  readonly to: number;
  /** A packet of the flow as its opener sends it, and as the peer gets it, in packet notation. */
  readonly original: string;
  readonly translated: string;
  readonly state: string;
  /** Packets and bytes (of the IP packets) as sent by its opener, and by the peer; modulo 2^32. */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  /** Since its first packet; tenths of a second are told apart. */
  readonly ageMillis: number;
  /** How long it lives on when no packet comes; tenths of a second are told apart. */
  readonly endsInMillis: number;
}

const PROTOCOLS = new Map([
  [6, "tcp"],
  [17, "udp"],
]);

/** `tick` is now. */
export function viewFlow(table: FlowTable, flow: number, tick: number): FlowView {
  const draft = new FlowDraft();
  table.recall(flow, draft);
  const { from, to, sourcePort, destinationPort, newSourcePort, newDestinationPort } = draft;
  return {
    from,
    to,
    original: packet(draft, SOURCE, DESTINATION, sourcePort, destinationPort),
    translated: packet(draft, NEW_SOURCE, NEW_DESTINATION, newSourcePort, newDestinationPort),
    state: STATE_NAMES[table.state(flow)] ?? "",
    packets: counted(table, flow, table.layout.packets),
    bytes: counted(table, flow, table.layout.bytes),
    ageMillis: ageOf(table, flow, tick) * TICK_MILLIS,
    endsInMillis: ticksLeft(table, flow, tick) * TICK_MILLIS,
  };
}

/** Ticks since a flow was made. */
export function ageOf({ born }: FlowTable, flow: number, tick: number): number {
  return (tick - born[flow]!) | 0;
}

/** Ticks that a flow lives on when no packet comes; 0 when it is over. */
export function ticksLeft({ slab, layout }: FlowTable, flow: number, tick: number): number {
  return Math.max(0, entryTicksLeft(layout, slab.words, flow, tick));
}

function counted(table: FlowTable, flow: number, word: number): [number, number] {
  const { words } = table.slab;
  const at = 2 * flow * table.layout.words + word;
  return [words[at]! >>> 0, words[at + table.layout.words]! >>> 0];
}

function packet(draft: FlowDraft, from: number, to: number, fromPort: number, toPort: number) {
  const family = draft.v6 ? 6 : 4;
  const [source, destination] = [from, to].map((at) =>
    formatIpAddress(readIpAddress(draft.bytes, at, family)),
  );
  if (draft.isQuery) return `icmp ${source} > ${destination} echo-request id=${fromPort}`;
  const endpoint = (address = "", port = 0) =>
    draft.v6 ? `[${address}]:${port}` : `${address}:${port}`;
  const name = PROTOCOLS.get(draft.protocol) ?? "";
  return `${name} ${endpoint(source, fromPort)} > ${endpoint(destination, toPort)}`;
}
