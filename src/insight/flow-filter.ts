// Which flows somebody speaks of: by VPC, address, port, protocol, state, age, and how soon they
// end.

import type { Config } from "../config/model.ts";
import { ageOf, ticksLeft } from "../gateway/flow-list.ts";
import {
  DESTINATION,
  FlowDraft,
  NEW_DESTINATION,
  NEW_SOURCE,
  SOURCE,
} from "../tables/flow-draft.ts";
import { STATE_NAMES } from "../tables/flow-state.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { TICK_MILLIS } from "../tables/flow-timers.ts";
import { parseIpAddress, readIpAddress } from "../wire/ip-address.ts";
import { ICMP, ICMPV6, protocolName } from "../wire/ip-protocol.ts";
import { containsAddress, type Prefix, parsePrefix, prefixOf } from "../wire/prefix.ts";

/** Plain data. What is absent does not matter; all that is there must hold. */
export interface FlowFilter {
  /** Name of the VPC that opened it or of its peer. */
  readonly vpc?: string | undefined;
  /** An address or a prefix: of either end, as its own VPC or as the peer sees it. */
  readonly address?: string | undefined;
  /** Of either end, before or after translation; of an ICMP query its identifier. 0 to 65535. */
  readonly port?: number | undefined;
  /** "tcp", "udp" or "icmp" (of either family). */
  readonly protocol?: string | undefined;
  /** One of FLOW_STATES. */
  readonly state?: string | undefined;
  /** Flows that end within that time when no packet comes. */
  readonly endsWithinMillis?: number | undefined;
  /** Flows that are at least, or at most, so old. */
  readonly minAgeMillis?: number | undefined;
  readonly maxAgeMillis?: number | undefined;
}

/** States that a flow can be in while it lives. */
export const FLOW_STATES: readonly string[] = STATE_NAMES.slice(1);

/** Whether a living flow of the table is meant. */
export type FlowTest = (table: FlowTable, flow: number, tick: number) => boolean;

const ADDRESSES = [SOURCE, DESTINATION, NEW_SOURCE, NEW_DESTINATION] as const;

/** An address, or a prefix with its length; undefined when it is neither. */
export function parseAddressOrPrefix(text: string): Prefix | undefined {
  const address = parseIpAddress(text);
  if (address) return prefixOf(address, address.family === 4 ? 32 : 128);
  return parsePrefix(text);
}

/** By the names of `config`. Throws an Error when the address is none. */
export function flowTest(filter: FlowFilter, config: Config | undefined): FlowTest {
  const { vpc, state, endsWithinMillis, minAgeMillis, maxAgeMillis } = filter;
  const vni = config?.vpcs.find(({ name }) => name === vpc)?.vni;
  if (vpc !== undefined && vni === undefined) return () => false;
  const wanted = state === undefined ? undefined : STATE_NAMES.indexOf(state);
  const ticksMax = (endsWithinMillis ?? Number.POSITIVE_INFINITY) / TICK_MILLIS;
  const isAgeMeant = (minAgeMillis ?? maxAgeMillis) !== undefined;
  const youngest = (minAgeMillis ?? 0) / TICK_MILLIS;
  const oldest = (maxAgeMillis ?? Number.POSITIVE_INFINITY) / TICK_MILLIS;
  const isKeyMeant = keyTest(filter, vni);
  const draft = new FlowDraft();
  return (table, flow, tick) => {
    if (wanted !== undefined && table.state(flow) !== wanted) return false;
    if (endsWithinMillis !== undefined && ticksLeft(table, flow, tick) > ticksMax) return false;
    if (isAgeMeant) {
      const age = ageOf(table, flow, tick);
      if (age < youngest || age > oldest) return false;
    }
    if (isKeyMeant === undefined) return true;
    table.recall(flow, draft);
    return isKeyMeant(draft);
  };
}

/** What must hold of its keys; undefined for nothing. */
function keyTest(
  { address, port, protocol }: FlowFilter,
  vni: number | undefined,
): ((draft: FlowDraft) => boolean) | undefined {
  if ((address ?? port ?? protocol ?? vni) === undefined) return undefined;
  const prefix = address === undefined ? undefined : parseAddressOrPrefix(address);
  if (address !== undefined && !prefix) throw new Error(`"${address}" is no address or prefix`);
  return (draft) =>
    (vni === undefined || draft.from === vni || draft.to === vni) &&
    (protocol === undefined || protocolName(draft.protocol) === protocol) &&
    (port === undefined || hasPort(draft, port)) &&
    (prefix === undefined || hasAddress(draft, prefix));
}

function hasPort(draft: FlowDraft, port: number): boolean {
  const { sourcePort, destinationPort, newSourcePort, newDestinationPort, protocol } = draft;
  if (sourcePort === port || newSourcePort === port) return true;
  if (protocol === ICMP || protocol === ICMPV6) return false;
  return destinationPort === port || newDestinationPort === port;
}

function hasAddress({ bytes, v6 }: FlowDraft, prefix: Prefix): boolean {
  const family = v6 ? 6 : 4;
  if (prefix.family !== family) return false;
  return ADDRESSES.some((at) => containsAddress(prefix, readIpAddress(bytes, at, family)));
}
