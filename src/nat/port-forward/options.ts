// Port forwarding: a public address and port lead to a private one.

import { z } from "zod";
import type { ExposeMode, Variant } from "../../config/expose-mode.ts";
import { parsePorts, portsProblem } from "../../config/port-list.ts";
import type { Reporter } from "../../config/report.ts";
import type { PortRange } from "../../wire/port.ts";
import { addressCount } from "../../wire/prefix.ts";
import { portCount, sizeOf } from "../../wire/prefix-ports.ts";
import { idleTimeoutShape, parseIdleTimeout } from "../idle-timeout.ts";

export interface PortForwardOptions {
  /** Undefined: the default of the protocol. */
  readonly idleTimeoutMillis: number | undefined;
}

const PROTOCOLS = { tcp: 6, udp: 17 } as const;

const shape = z
  .strictObject({
    idleTimeout: idleTimeoutShape,
    ports: z
      .array(
        z.strictObject({
          proto: z.enum(["tcp", "udp", ""]).optional().describe("absent: both"),
          port: z.union([z.string(), z.int()]).optional().describe("the port on the host"),
          as: z.union([z.string(), z.int()]).optional().describe("the port the peer uses"),
        }),
      )
      .optional(),
  })
  .describe("public address and port lead to private ones; only the peer may open flows");

type RawPort = NonNullable<z.infer<typeof shape>["ports"]>[number];

export const portForwardOptions: ExposeMode = {
  name: "port-forward",
  key: "portForward",
  canInitiate: false,
  canReceive: true,
  shape,
  parse(raw, report) {
    const { ports = [], idleTimeout } = raw as z.infer<typeof shape>;
    const idleTimeoutMillis = parseIdleTimeout(idleTimeout, report.at("idleTimeout"));
    if (!Array.isArray(ports)) return [];
    if (ports.length === 0) {
      const hint = 'Add ports: [{ proto: tcp, port: "22", as: "2222" }].';
      report.say("port-forward/no-ports", "No port is forwarded.", hint);
    }
    const options: PortForwardOptions = { idleTimeoutMillis };
    return ports.flatMap((port, index) => parsePort(port, options, report.at("ports", index)));
  },
  check({ privates, publics }, { hasExclusions }, report) {
    if (hasExclusions) {
      const hint = "Write the prefixes without exclusions, in several exposes if need be.";
      report.say("port-forward/exclusion", "Port forwarding takes no exclusions.", hint);
      return;
    }
    const [inside, outside] = [privates[0], publics[0]];
    if (privates.length !== 1 || publics.length !== 1 || !inside || !outside) {
      const hint = "Make one expose for each prefix and each range of ports.";
      const message = "Port forwarding takes one prefix and one range of ports on each side.";
      report.say("port-forward/several-prefixes", message, hint);
      return;
    }
    const sameAddresses = addressCount(inside.prefix) === addressCount(outside.prefix);
    const samePorts = portCount(inside.ports) === portCount(outside.ports);
    if (sameAddresses && samePorts && sizeOf(privates) === sizeOf(publics)) return;
    const [what, a, b] = sameAddresses
      ? ["ports", portCount(inside.ports), portCount(outside.ports)]
      : ["addresses", addressCount(inside.prefix), addressCount(outside.prefix)];
    const hint = "Forward as many addresses and ports as the peer sees.";
    report.say("port-forward/size-mismatch", `ips has ${a} ${what}, as has ${b}.`, hint);
  },
};

function parsePort(raw: RawPort, options: PortForwardOptions, report: Reporter): Variant[] {
  const misshapen = report.tainted;
  if (typeof raw !== "object" || raw === null) return [];
  const privatePorts = parseRanges("port", raw.port, misshapen, report);
  const publicPorts = parseRanges("as", raw.as, misshapen, report);
  if (misshapen || !privatePorts || !publicPorts) return [];
  const protocol = raw.proto ? PROTOCOLS[raw.proto] : undefined;
  // Ports are of TCP and UDP only, so "both" is two exposes.
  const protocols = protocol === undefined ? Object.values(PROTOCOLS) : [protocol];
  return protocols.map((each) => ({ options, protocol: each, privatePorts, publicPorts }));
}

/** `misshapen`: what is missing may stand there under another key. */
function parseRanges(
  key: "port" | "as",
  raw: string | number | undefined,
  misshapen: boolean,
  report: Reporter,
): PortRange[] | undefined {
  const at = report.at(key);
  if (at.tainted || (raw === undefined && misshapen)) return undefined;
  const ranges = raw === undefined ? undefined : parsePorts(String(raw));
  if (ranges?.every(({ first }) => first > 0)) return ranges;
  const hint = PORT_HINTS[key];
  if (raw === undefined) at.say("port-forward/bad-ports", `${key} is missing.`, hint);
  else if (ranges) at.say("port-forward/bad-ports", "Port 0 cannot be forwarded.", hint);
  else at.say("port-forward/bad-ports", portsProblem(raw), hint);
  return undefined;
}

const PORT_HINTS = {
  port: 'Write the port of the host, from 1 to 65535, such as port: "22".',
  as: 'Write the port that the peer uses, from 1 to 65535, such as as: "2222".',
};
