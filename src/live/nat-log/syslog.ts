// A NAT log as syslog messages (RFC 5424): what happened as the message's type, everything about it
// as structured data, nothing as free text. One message a datagram (RFC 5426).

import { protocolName } from "../../wire/ip-protocol.ts";
import type { VpcName } from "./json-lines.ts";
import { endpointText, type NatRecord } from "./record.ts";

export interface SyslogSource {
  /** 0 to 23. */
  readonly facility: number;
  /** Of this machine. */
  readonly hostname: string;
  readonly pid: number;
}

const INFORMATIONAL = 6;
/** 32473 is the enterprise number that IANA keeps for examples (RFC 5612). */
const DATA_ID = "isthmus@32473";

export function syslogMessage(record: NatRecord, nameOf: VpcName, source: SyslogSource): string {
  const { event, millis, protocol, from, to, cause, packets, bytes } = record;
  const { destination, newDestination } = record;
  const end = event === "flow-end";
  const data: readonly (readonly [string, string | number | undefined])[] = [
    ["protocol", protocolName(protocol)],
    ["from", nameOf(from)],
    ["fromVni", from],
    ["to", nameOf(to)],
    ["toVni", to],
    ["source", endpointText(record.source)],
    ["public", endpointText(record.public)],
    ["destination", destination && endpointText(destination)],
    ["newDestination", newDestination && endpointText(newDestination)],
    ["cause", cause],
    ["packetsOut", end ? packets[0] : undefined],
    ["packetsBack", end ? packets[1] : undefined],
    ["bytesOut", end ? bytes[0] : undefined],
    ["bytesBack", end ? bytes[1] : undefined],
  ];
  const said = data.filter(([, value]) => value !== undefined);
  const parameters = said.map(([name, value]) => ` ${name}="${escaped(String(value))}"`).join("");
  const priority = source.facility * 8 + INFORMATIONAL;
  const time = new Date(millis).toISOString();
  const header = `<${priority}>1 ${time} ${nameOfHost(source.hostname)} isthmus ${source.pid}`;
  return `${header} ${event} [${DATA_ID}${parameters}]`;
}

/** RFC 5424, 6.3.3. */
function escaped(text: string): string {
  return text.replace(/["\\\]]/g, "\\$&");
}

/** Printable ASCII, 255 at most; "-" for nothing (RFC 5424, 6). */
function nameOfHost(name: string): string {
  return name.replace(/[^!-~]/g, "").slice(0, 255) || "-";
}
