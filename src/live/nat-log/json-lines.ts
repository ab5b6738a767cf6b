// A NAT log as JSON lines: one object a line, keys in a fixed order, so that a public endpoint can
// be searched for as a text.

import { protocolName } from "../../wire/ip-protocol.ts";
import { endpointText, type NatRecord } from "./record.ts";

/** A name of the VPC with that VNI, undefined when it has none (any more). */
export type VpcName = (vni: number) => string | undefined;

/** What a log says about itself. */
export type LogMark =
  /** From here on it has everything. `start`: of the gateway, so no flow is older. */
  | { readonly event: "log-begin"; readonly start: boolean; readonly what: string }
  /** `stop`: of the gateway, so all flows are over. */
  | { readonly event: "log-end"; readonly stop: boolean }
  /** Since the one before, so many records found no room. */
  | { readonly event: "log-lost"; readonly records: number };

/** With its end of line. */
export function jsonLine(record: NatRecord, nameOf: VpcName): string {
  const { event, millis, protocol, from, to, source, destination, newDestination } = record;
  const { cause, packets, bytes } = record;
  const text = JSON.stringify({
    time: new Date(millis).toISOString(),
    event,
    protocol: protocolName(protocol),
    from: nameOf(from),
    fromVni: from,
    to: nameOf(to),
    toVni: to,
    source: endpointText(source),
    public: endpointText(record.public),
    destination: destination && endpointText(destination),
    newDestination: newDestination && endpointText(newDestination),
    ...(event === "flow-end" && { cause, packets, bytes }),
  });
  return `${text}\n`;
}

/** `millis` since 1970. */
export function jsonMark(mark: LogMark, millis: number): string {
  return `${JSON.stringify({ time: new Date(millis).toISOString(), ...mark })}\n`;
}
