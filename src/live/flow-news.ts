// Events of flows that begin and end, made of the records that the data path writes while anybody
// listens to them. There are at most so many a second; the others are counted.

import type { Clock } from "../base/clock.ts";
import { FLOWS } from "../tables/flow-events.ts";
import { TICK_MILLIS } from "../tables/flow-timers.ts";
import { protocolName } from "../wire/ip-protocol.ts";
import type { EventHub } from "./events.ts";
import {
  type Endpoint,
  type EventBlock,
  endpointText,
  hostText,
  type NatRecord,
  readRecord,
  wantedRecords,
} from "./nat-log/record.ts";

const MOST_A_SECOND = 1000;
const SECOND_MILLIS = 1000;

export interface FlowNewsTools {
  readonly events: EventHub;
  readonly clock: Clock;
  /** Name of the VPC with that VNI. */
  readonly nameOf: (vni: number) => string | undefined;
}

export class FlowNews {
  readonly #tools: FlowNewsTools;
  /** Told during this second, which began then. */
  #told = 0;
  #since = Number.NEGATIVE_INFINITY;
  /** Not told, and not said yet. */
  #lost = 0;
  /** Of the data path, so far. */
  #lostThere = 0;

  constructor(tools: FlowNewsTools) {
    this.#tools = tools;
  }

  take(block: EventBlock): void {
    const { events } = this.#tools;
    const missing = block.lost - this.#lostThere;
    this.#lostThere = block.lost;
    if (!events.isWanted("flows")) return;
    this.#renew();
    const wanted = wantedRecords(block, FLOWS);
    const told = wanted.slice(0, MOST_A_SECOND - this.#told);
    this.#told += told.length;
    this.#lost += missing + wanted.length - told.length;
    for (const at of told) this.#tell(readRecord(block, at, TICK_MILLIS));
  }

  /** Once a second or so, also when nothing comes: says what was lost. */
  tick(): void {
    this.#renew();
  }

  #renew(): void {
    const { clock, events } = this.#tools;
    const now = clock.now();
    if (now - this.#since < SECOND_MILLIS) return;
    this.#since = now;
    this.#told = 0;
    if (this.#lost > 0) events.tell("flows-lost", { lost: this.#lost });
    this.#lost = 0;
  }

  #tell(record: NatRecord): void {
    const { events, nameOf } = this.#tools;
    const { millis, protocol, cause, packets, bytes } = record;
    const { source, destination, newDestination } = record;
    // It was recorded for a NAT log, before anybody listened.
    if (destination === undefined || newDestination === undefined) return;
    const data = {
      from: nameOf(record.from) ?? null,
      to: nameOf(record.to) ?? null,
      original: inNotation(protocol, source, destination),
      translated: inNotation(protocol, record.public, newDestination),
    };
    if (record.event === "flow-begin") events.tell("flow-begin", data, millis);
    else events.tell("flow-end", { ...data, cause: cause ?? null, packets, bytes }, millis);
  }
}

function inNotation(protocol: number, from: Endpoint, to: Endpoint): string {
  const name = protocolName(protocol);
  if (name === "tcp" || name === "udp") {
    return `${name} ${endpointText(from)} > ${endpointText(to)}`;
  }
  const id = name === "icmp" ? ` id=${from.port}` : "";
  return `${name} ${hostText(from)} > ${hostText(to)}${id}`;
}
