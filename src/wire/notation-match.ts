// Does a packet look as expected? What the expectation does not mention is not compared.

import { icmpName } from "./icmp.ts";
import { type Family, type IpAddress, sameIpAddress } from "./ip-address.ts";
import { formatAddress, formatData, formatFlags, formatNumber } from "./notation-format.ts";
import { readPacket } from "./notation-read.ts";
import { ATTRIBUTES, type Bound, type PacketNotation, type Pattern } from "./notation-types.ts";
import { verifyChecksums } from "./verify-checksums.ts";

export interface MatchOptions {
  /** The packet came in with a wrong transport checksum, so it must have one still. */
  readonly checksumWasBad?: boolean;
}

/**
 * Undefined when `got` (an IP packet's bytes) is as expected; then variables met for the first time
 * are bound. Otherwise a sentence about the first difference, and `bindings` stay as they were.
 */
export function matchPacket(
  expected: PacketNotation,
  got: Uint8Array,
  bindings: Map<string, Bound>,
  options: MatchOptions = {},
): string | undefined {
  const packet = readPacket(got);
  if (packet === undefined) return "it is not an IP packet";
  const attempt = new Map(bindings);
  const difference = compare(expected, packet, attempt) ?? judge(got, packet, expected, options);
  if (difference !== undefined) return difference;
  for (const [name, value] of attempt) bindings.set(name, value);
  return undefined;
}

function judge(
  got: Uint8Array,
  packet: PacketNotation,
  expected: PacketNotation,
  options: MatchOptions,
): string | undefined {
  const transport = options.checksumWasBad ? "bad" : expected.checksum;
  if (transport === "bad" && packet.checksum !== "bad") {
    const how = packet.checksum === "zero" ? "as 0" : "right";
    return `the ${packet.protocol} checksum came in wrong and went out ${how}`;
  }
  const inner = expected.quoted?.checksum;
  if (inner === "bad" && packet.quoted?.checksum !== "bad") {
    return `the ${expected.quoted?.protocol} checksum of the quoted packet is not wrong`;
  }
  const fault = verifyChecksums(got).find(
    ({ header, quoted }) => header === "ipv4" || (quoted ? inner : transport) === undefined,
  );
  if (fault === undefined) return undefined;
  return `the ${fault.header} checksum${fault.quoted ? " of the quoted packet" : ""} is wrong`;
}

function compare(
  expected: PacketNotation,
  got: PacketNotation,
  bindings: Map<string, Bound>,
): string | undefined {
  const differs = (what: string, wanted: string, is: string | undefined) =>
    `${what} is ${is ?? "missing"}, expected ${wanted}`;
  if (expected.protocol !== got.protocol) {
    return differs("the protocol", expected.protocol, got.protocol);
  }
  for (const side of ["source", "destination"] as const) {
    const is = got[side] as IpAddress;
    if (!matchAddress(expected[side], is, bindings)) {
      return differs(`the ${side}`, sayPattern(expected[side], bindings), formatAddress(is));
    }
  }
  for (const side of ["sourcePort", "destinationPort"] as const) {
    const wanted = expected[side];
    const is = got[side] as number | undefined;
    if (wanted !== undefined && !matchNumber(wanted, is, bindings)) {
      const what = side === "sourcePort" ? "the source port" : "the destination port";
      return differs(what, sayPattern(wanted, bindings), is?.toString());
    }
  }
  if (expected.tcpFlags !== undefined && expected.tcpFlags !== got.tcpFlags) {
    return differs("flags", formatFlags(expected.tcpFlags), formatFlags(got.tcpFlags ?? 0));
  }
  return (
    compareIcmp(expected, got) ??
    compareAttributes(expected, got, bindings) ??
    compareRest(expected, got, bindings)
  );
}

function compareIcmp(expected: PacketNotation, got: PacketNotation): string | undefined {
  if (expected.icmp === undefined) return undefined;
  const { family } = got.source as IpAddress;
  const wanted = sayIcmp(expected.icmp, family);
  const is = got.icmp === undefined ? "missing" : sayIcmp(got.icmp, family);
  return wanted === is ? undefined : `the ICMP message is ${is}, expected ${wanted}`;
}

function sayIcmp(icmp: NonNullable<PacketNotation["icmp"]>, family: Family): string {
  if (typeof icmp === "string") return icmp;
  return icmpName(family, icmp) ?? `type=${icmp.type} code=${icmp.code}`;
}

function compareAttributes(
  expected: PacketNotation,
  got: PacketNotation,
  bindings: Map<string, Bound>,
): string | undefined {
  for (const name of ATTRIBUTES) {
    const wanted = expected.attributes.get(name);
    if (wanted === undefined) continue;
    // A packet that is no later fragment is read without an offset.
    const unsaid = name === "frag" ? 0 : undefined;
    const is = (got.attributes.get(name) as number | undefined) ?? unsaid;
    if (!matchNumber(wanted, is, bindings)) {
      return `${name} is ${is ?? "missing"}, expected ${sayPattern(wanted, bindings)}`;
    }
  }
  return undefined;
}

function compareRest(
  expected: PacketNotation,
  got: PacketNotation,
  bindings: Map<string, Bound>,
): string | undefined {
  if (expected.dontFragment && !got.dontFragment) return "df is not set";
  if (expected.moreFragments && !got.moreFragments) return "mf is not set";
  if (expected.checksum === "zero" && got.checksum !== "zero") return "the checksum is not 0";
  const { data, quoted } = expected;
  if (data !== undefined) {
    const is = formatData(got.data ?? new Uint8Array(0));
    if (is !== formatData(data)) return `data is "${is}", expected "${formatData(data)}"`;
  }
  if (quoted === undefined) return undefined;
  if (got.quoted === undefined) return "no packet is quoted";
  const inner = compare(quoted, got.quoted, bindings);
  return inner && `in the quoted packet, ${inner}`;
}

function matchAddress(
  wanted: Pattern<IpAddress>,
  is: IpAddress,
  bindings: Map<string, Bound>,
): boolean {
  if (wanted === "*") return true;
  if (!("variable" in wanted)) return sameIpAddress(wanted, is);
  const bound = bindings.get(wanted.variable);
  if (bound === undefined) bindings.set(wanted.variable, is);
  return bound === undefined || (typeof bound === "object" && sameIpAddress(bound, is));
}

function matchNumber(
  wanted: Pattern<number>,
  is: number | undefined,
  bindings: Map<string, Bound>,
): boolean {
  if (is === undefined) return false;
  if (wanted === "*") return true;
  if (typeof wanted === "number") return wanted === is;
  const bound = bindings.get(wanted.variable);
  if (bound === undefined) bindings.set(wanted.variable, is);
  return bound === undefined || bound === is;
}

/** A variable with what it stands for. */
function sayPattern(
  pattern: Pattern<IpAddress> | Pattern<number>,
  bindings: ReadonlyMap<string, Bound>,
): string {
  if (pattern === "*" || typeof pattern === "number") return formatNumber(pattern);
  if (!("variable" in pattern)) return formatAddress(pattern);
  const bound = bindings.get(pattern.variable);
  if (bound === undefined) return `$${pattern.variable}`;
  const value = typeof bound === "number" ? `${bound}` : formatAddress(bound);
  return `${value} ($${pattern.variable})`;
}
