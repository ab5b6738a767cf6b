// A record of the data path as the writers of NAT logs want it: times of day, names of VPCs,
// addresses as bytes and as text.

import {
  BYTES,
  CLOSED_BY_HOSTS,
  DESTINATION,
  DESTINATION_PORTS,
  ENDPOINT_BEGIN,
  ENDPOINT_END,
  FLOW_BEGIN,
  FLOW_END,
  FLOWS,
  FROM,
  HEAD,
  IDLE,
  KIND_MASK,
  NEW_DESTINATION,
  PACKETS,
  PORTS,
  PUBLIC,
  RECORD_WORDS,
  RESET_BY_HOSTS,
  REVOKED,
  SHARED,
  SOURCE,
  TICK,
  TO,
  V6,
  WITH_DESTINATION,
} from "../../tables/flow-events.ts";
import { formatIpAddress, readIpAddress } from "../../wire/ip-address.ts";

/** Records as they go from thread to thread. */
export interface EventBlock {
  /** RECORD_WORDS each. */
  readonly words: Int32Array;
  readonly count: number;
  /** A moment as the records tell time, and the same in milliseconds since 1970. */
  readonly tick: number;
  readonly millis: number;
  /** Records that found no room in the data path since it was opened. */
  readonly lost: number;
}

export type NatEvent = "flow-begin" | "flow-end" | "endpoint-begin" | "endpoint-end";
export type EndCause = "idle" | "closed" | "reset" | "revoked";

export interface Endpoint {
  /** 4 or 16, in network order. */
  readonly address: Uint8Array;
  /** Of an ICMP query its identifier. */
  readonly port: number;
}

export interface NatRecord {
  readonly event: NatEvent;
  /** Since 1970, in tenths of a second. */
  readonly millis: number;
  readonly family: 4 | 6;
  readonly protocol: number;
  /** VNIs of who opened the flow, and of who sees the public endpoint. */
  readonly from: number;
  readonly to: number;
  readonly source: Endpoint;
  readonly public: Endpoint;
  /** As the opener has it, and as it was translated; only when they are asked for. */
  readonly destination?: Endpoint | undefined;
  readonly newDestination?: Endpoint | undefined;
  /** Of an ended flow: why, and packets and bytes from its opener and back, modulo 2^32. */
  readonly cause?: EndCause | undefined;
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
}

const EVENTS: Readonly<Record<number, NatEvent>> = {
  [FLOW_BEGIN]: "flow-begin",
  [FLOW_END]: "flow-end",
  [ENDPOINT_BEGIN]: "endpoint-begin",
  [ENDPOINT_END]: "endpoint-end",
};

const CAUSES: Readonly<Record<number, EndCause>> = {
  [IDLE]: "idle",
  [CLOSED_BY_HOSTS]: "closed",
  [RESET_BY_HOSTS]: "reset",
  [REVOKED]: "revoked",
};

/** Where the records stand in a block that whoever wants FLOWS or ENDPOINTS gets: there may be
 * more, for others. */
export function wantedRecords({ words, count }: EventBlock, what: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index * RECORD_WORDS);
  return numbers.filter((at) => {
    const head = words[at + HEAD]!;
    const isFlow = (head & KIND_MASK) <= FLOW_END;
    return what === FLOWS ? isFlow : !isFlow || (head & SHARED) !== 0;
  });
}

/** The record that stands `at` there. `tickMillis`: how long a tick of the records is. */
export function readRecord(
  { words, tick, millis }: EventBlock,
  at: number,
  tickMillis: number,
): NatRecord {
  const head = words[at + HEAD]!;
  const family = (head & V6) === 0 ? 4 : 6;
  const ports = words[at + PORTS]!;
  const newPorts = words[at + DESTINATION_PORTS]!;
  const endpoint = (word: number, port: number) => readEndpoint(words, at + word, family, port);
  const destined = (head & WITH_DESTINATION) !== 0;
  const ended = (head & KIND_MASK) === FLOW_END;
  const count = (word: number) => (ended ? words[at + word]! >>> 0 : 0);
  return {
    event: EVENTS[head & KIND_MASK]!,
    millis: millis + ((words[at + TICK]! - tick) | 0) * tickMillis,
    family,
    protocol: (head >>> 8) & 0xff,
    from: words[at + FROM]!,
    to: words[at + TO]!,
    source: endpoint(SOURCE, ports >>> 16),
    public: endpoint(PUBLIC, ports & 0xffff),
    destination: destined ? endpoint(DESTINATION, newPorts >>> 16) : undefined,
    newDestination: destined ? endpoint(NEW_DESTINATION, newPorts & 0xffff) : undefined,
    cause: ended ? CAUSES[head >>> 16] : undefined,
    packets: [count(PACKETS), count(PACKETS + 1)],
    bytes: [count(BYTES), count(BYTES + 1)],
  };
}

function readEndpoint(words: Int32Array, at: number, family: 4 | 6, port: number): Endpoint {
  const address = new Uint8Array(family === 4 ? 4 : 16);
  const view = new DataView(address.buffer);
  for (let i = 0; i < address.length / 4; i++) view.setInt32(4 * i, words[at + i]!);
  return { address, port };
}

/** "192.0.2.1:40001" or "[2001:db8::1]:53". */
export function endpointText(endpoint: Endpoint): string {
  const host = hostText(endpoint);
  return `${endpoint.address.length === 4 ? host : `[${host}]`}:${endpoint.port}`;
}

/** "192.0.2.1" or "2001:db8::1". */
export function hostText({ address }: Endpoint): string {
  if (address.length === 4) return address.join(".");
  return formatIpAddress(readIpAddress(address, 0, 6));
}
