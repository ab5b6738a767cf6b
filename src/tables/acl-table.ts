// Data path.
// The rules of all ACLs, in order, as rectangles: source prefix and ports, destination prefix and
// ports, protocol. A configured rule with several prefixes is several entries with one rule number.

import type { Family } from "../wire/ip-address.ts";
import type { PrefixPorts } from "../wire/prefix-ports.ts";

/** Results that are not a rule's number: no rule matched, or there is no ACL at all. */
export const BY_DEFAULT = -1;
export const NO_ACL = -2;

// Words of an entry: two sides of (family, network, mask) and ports, then protocol and verdict.
const SOURCE = 0;
const DESTINATION = 11;
const NETWORK = 0;
const MASK = 4;
const FIRST_PORT = 8;
const LAST_PORT = 9;
const PROTOCOL = 22;
const FAMILY = 23;
const RULE = 24;
const WORDS = 32;

export interface AclEntry {
  readonly source: PrefixPorts;
  readonly destination: PrefixPorts;
  /** -1 for any. */
  readonly protocol: number;
  /** Number of the configured rule. */
  readonly rule: number;
}

/** Entries of one list, to be searched from the first to the last. */
export function buildAclTable(entries: readonly AclEntry[]): Int32Array {
  const table = new Int32Array(entries.length * WORDS);
  entries.forEach((entry, index) => {
    const at = index * WORDS;
    writeSide(table, at + SOURCE, entry.source);
    writeSide(table, at + DESTINATION, entry.destination);
    table[at + PROTOCOL] = entry.protocol;
    table[at + FAMILY] = entry.source.prefix.family;
    table[at + RULE] = entry.rule;
  });
  return table;
}

function writeSide(table: Int32Array, at: number, side: PrefixPorts): void {
  const { family, network, length } = side.prefix;
  const bits = family === 4 ? 32 : 128;
  const mask = ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
  for (let word = 0; word < bits / 32; word++) {
    const shift = BigInt(bits - 32 * (word + 1));
    table[at + NETWORK + word] = Number(BigInt.asIntN(32, network >> shift));
    table[at + MASK + word] = Number(BigInt.asIntN(32, mask >> shift));
  }
  table[at + FIRST_PORT] = side.ports?.first ?? -1;
  table[at + LAST_PORT] = side.ports?.last ?? -1;
}

/**
 * The number of the first rule among the entries `first` to `end`-1 that matches the packet whose
 * addresses stand at `source` and `destination` in `view`; BY_DEFAULT when none does. Ports are -1
 * for packets that have none; only rules without ports match those.
 */
export function evaluateAcl(
  table: Int32Array,
  first: number,
  end: number,
  family: Family,
  view: DataView,
  source: number,
  destination: number,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
): number {
  for (let entry = first; entry < end; entry++) {
    const at = entry * WORDS;
    if (
      table[at + FAMILY]! === family &&
      (table[at + PROTOCOL]! < 0 || table[at + PROTOCOL]! === protocol) &&
      sideMatches(table, at + SOURCE, family, view, source, sourcePort) &&
      sideMatches(table, at + DESTINATION, family, view, destination, destinationPort)
    ) {
      return table[at + RULE]!;
    }
  }
  return BY_DEFAULT;
}

function sideMatches(
  table: Int32Array,
  side: number,
  family: Family,
  view: DataView,
  address: number,
  port: number,
): boolean {
  const firstPort = table[side + FIRST_PORT]!;
  if (firstPort >= 0 && (port < firstPort || port > table[side + LAST_PORT]!)) return false;
  const words = family === 4 ? 1 : 4;
  for (let word = 0; word < words; word++) {
    const bits = view.getInt32(address + 4 * word) & table[side + MASK + word]!;
    if (bits !== table[side + NETWORK + word]!) return false;
  }
  return true;
}
