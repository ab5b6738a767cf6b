// Masquerade: many private sources behind few public addresses.

import { z } from "zod";
import type { ExposeMode } from "../../config/expose-mode.ts";
import { parsePorts } from "../../config/port-list.ts";
import type { Reporter } from "../../config/report.ts";
import type { PortRange } from "../../wire/port.ts";
import { idleTimeoutShape, parseIdleTimeout } from "../idle-timeout.ts";

export interface MasqueradeOptions {
  /** Undefined: the default of the protocol. */
  readonly idleTimeoutMillis: number | undefined;
  /** Public ports that may be used; ICMP identifiers are not limited. */
  readonly ports: PortRange;
  /** Keep the private port where it is free (RFC 4787, 4.2.1). */
  readonly portPreservation: boolean;
  /** Even ports for even ones, odd for odd (RFC 4787, REQ-4). */
  readonly portParity: boolean;
  /** Endpoint-independent: a private endpoint has one public endpoint whatever it talks to (RFC
   * 4787, REQ-1). The other: one for each destination, and a public endpoint may serve many. */
  readonly mapping: Dependence;
  /** Endpoint-independent: whoever the peer is may send to a public endpoint that is in use (RFC
   * 4787, REQ-8). The other: only who was talked to. */
  readonly filtering: Dependence;
  /** Public addresses and ports by chance (RFC 6056), or the lowest that is free. */
  readonly allocation: "random" | "sequential";
  /** Most flows that one private address may have open; undefined: no limit (RFC 6888, REQ-4). */
  readonly flowsPerHost: number | undefined;
}

const DEPENDENCE = ["endpoint-independent", "address-and-port-dependent"] as const;
type Dependence = (typeof DEPENDENCE)[number];

/** Well-known ports are for services (RFC 4787, REQ-3a). */
const PORTS: PortRange = { first: 1024, last: 65_535 };

const shape = z
  .strictObject({
    idleTimeout: idleTimeoutShape,
    ports: z.string().optional().describe('public ports to use, "1024-65535" if absent'),
    portPreservation: z.boolean().optional().describe("keep the private port where it is free"),
    portParity: z.boolean().optional().describe("even ports for even ones, odd for odd"),
    mapping: z.enum(DEPENDENCE).optional().describe("what a public endpoint depends on"),
    filtering: z.enum(DEPENDENCE).optional().describe("who may send to a public endpoint in use"),
    allocation: z.enum(["random", "sequential"]).optional().describe("how ports are chosen"),
    flowsPerHost: z.int().min(1).max(0x7fffffff).optional().describe("most flows of one address"),
  })
  .describe("many private sources behind few public addresses; only they may open flows");

export const masqueradeOptions: ExposeMode = {
  name: "masquerade",
  key: "masquerade",
  canInitiate: true,
  canReceive: false,
  shape,
  parse(raw, report) {
    const {
      idleTimeout,
      ports: text,
      portPreservation = false,
      portParity = false,
      mapping = "endpoint-independent",
      filtering = "address-and-port-dependent",
      allocation = "random",
      flowsPerHost,
    } = raw as z.infer<typeof shape>;
    const idleTimeoutMillis = parseIdleTimeout(idleTimeout, report.at("idleTimeout"));
    const ports = text === undefined ? PORTS : parseRange(text, report.at("ports"));
    if (mapping === "address-and-port-dependent" && filtering === "endpoint-independent") {
      const message = "A public endpoint that several share cannot take packets from anybody.";
      const hint = "Leave out mapping or filtering.";
      report.at("filtering").say("masquerade/shared-endpoint", message, hint);
    }
    if (ports === undefined || report.tainted) return [];
    const options: MasqueradeOptions = {
      idleTimeoutMillis,
      ports,
      portPreservation,
      portParity,
      mapping,
      filtering,
      allocation,
      flowsPerHost,
    };
    return [{ options }];
  },
  check({ privates, publics }, _parts, report) {
    if (![...privates, ...publics].some(({ ports }) => ports !== undefined)) return;
    const hint = "Remove ports; the gateway chooses them.";
    report.say("masquerade/ports", "Masquerade takes no ports.", hint);
  },
};

function parseRange(text: string, report: Reporter): PortRange | undefined {
  if (report.tainted) return undefined;
  const [range, other] = parsePorts(text) ?? [];
  if (range !== undefined && other === undefined && range.first > 0) return range;
  const message = `"${text}" is no range of ports from 1 to 65535.`;
  report.say("masquerade/bad-ports", message, 'Write one range, such as "1024-65535".');
  return undefined;
}
