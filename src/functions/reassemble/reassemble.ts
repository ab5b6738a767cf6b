// Data path.
// Fragments go the way of their datagram's first one, whatever order they come in (RFC 4787,
// REQ-14; RFC 5508, 8). Nothing is put together: a later fragment is lent the ports of the first,
// and from then on the steps treat it as if they stood in it. One that comes too early waits.
//
// Where addresses alone decide, fragments need no more than stands in them and go straight on.

import { queryId } from "../../packet/icmp-query.ts";
import { HEADROOM } from "../../packet/limits.ts";
import {
  FIXED_ADDRESSES,
  FRAGMENT,
  ICMP_ERROR,
  LATER_FRAGMENT,
  NO_DATAGRAM,
  type PacketPool,
  PORTS,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP, WAITING } from "../../packet/verdict.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import { ADDED, CROWDED, DUPLICATE } from "../../tables/fragment-parts.ts";
import { type FragmentTable, HEADED, REFUSED } from "../../tables/fragment-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { portsAsker } from "./asks-for-ports.ts";
import { FragmentReader } from "./fragment-reader.ts";

const MALFORMED = DROP["fragment-malformed"].code;
const OVERLAPS = DROP["fragment-overlap"].code;
const REPEATED = DROP["fragment-duplicate"].code;
const LATE = DROP["fragment-timeout"].code;
const FULL = DROP["fragments-full"].code;
const INCOMPLETE = DROP["icmp-error-incomplete"].code;
const TCP = 6;
const TCP_HEADER = 20;

export function reassemble(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FragmentTable,
): NetworkFunction {
  const { bytes, view, words, start, length, rxInterface, slotBytes } = pool;
  const { vpc, l4, flags, protocol, sourcePort, destinationPort, datagram, verdict } = pool;
  const asksForPorts = portsAsker(pool, snapshot);
  const fragment = new FragmentReader(pool);
  let tick = 0;

  /** A drop code, WAITING, or 0. */
  function meet(row: number): number {
    datagram[row] = NO_DATAGRAM;
    if (!fragment.read(row)) return MALFORMED;
    const later = (flags[row]! & LATER_FRAGMENT) !== 0;
    // It would write over the header that has been looked at (RFC 3128, 2.2).
    if (later && protocol[row]! === TCP && fragment.begin < TCP_HEADER) return OVERLAPS;
    if (!asksForPorts(row)) return 0;
    fragment.writeKey(row, snapshot.current.vpcVnis[vpc[row]!]!, table.key);
    let found = table.find();
    if (found < 0) found = table.open(vpc[row]!, tick);
    if (found < 0) return FULL;
    if (table.state[found]! === REFUSED) return table.reason[found]!;
    const problem = addPart(found);
    if (problem !== 0) return problem;
    if (!later) return head(row, found);
    return table.state[found]! === HEADED ? lend(row, found) : wait(row, found);
  }

  /** A drop code or 0. */
  function addPart(found: number): number {
    const { parts } = table;
    const added = parts.add(found, fragment.begin, fragment.end, fragment.last);
    if (added === ADDED) {
      if (parts.complete(found)) table.finish(found);
      return 0;
    }
    if (added === DUPLICATE) return REPEATED;
    const problem = added === CROWDED ? FULL : OVERLAPS;
    table.refuse(found, problem);
    return problem;
  }

  /** The first fragment: what it says holds for all. */
  function head(row: number, found: number): number {
    const rowFlags = flags[row]!;
    // An error is not translated without all that it quotes; icmp-error says so.
    if ((rowFlags & ICMP_ERROR) !== 0) {
      table.refuse(found, INCOMPLETE);
      return 0;
    }
    const ports = (rowFlags & PORTS) !== 0;
    table.protocol[found] = protocol[row]!;
    table.sourcePort[found] = sourcePort[row]!;
    table.destinationPort[found] = destinationPort[row]!;
    table.queryId[found] = ports
      ? -1
      : queryId(bytes, view, l4[row]!, protocol[row]!, (rowFlags & V6) !== 0);
    table.flags[found] = rowFlags & FIXED_ADDRESSES;
    table.admit(found);
    datagram[row] = found;
    return 0;
  }

  function lend(row: number, found: number): number {
    protocol[row] = table.protocol[found]!;
    sourcePort[row] = table.sourcePort[found]!;
    destinationPort[row] = table.destinationPort[found]!;
    flags[row] = flags[row]! | table.flags[found]!;
    datagram[row] = found;
    return 0;
  }

  /** The frame as it came, tunnel included, is kept; it will come in again. */
  function wait(row: number, found: number): number {
    const from = row * slotBytes + HEADROOM;
    const size = start[row]! + length[row]! - from;
    const cell = table.hold(found, words, from >> 2, size, rxInterface[row]!);
    if (cell < 0) {
      // Without this one the others are of no use.
      table.refuse(found, FULL);
      return FULL;
    }
    datagram[row] = cell;
    return WAITING;
  }

  /** One that has waited: a drop code or 0. Configuration may have changed meanwhile. */
  function goOn(row: number): number {
    const found = datagram[row]!;
    datagram[row] = NO_DATAGRAM;
    if (found < 0) return -found;
    if (!asksForPorts(row)) return 0;
    if (table.state[found]! === REFUSED) return table.reason[found]!;
    return table.state[found]! === HEADED ? lend(row, found) : LATE;
  }

  return {
    name: "reassemble",
    reads: [
      "start",
      "length",
      "rxInterface",
      "vpc",
      "l3",
      "l4",
      "end",
      "flags",
      "protocol",
      "sourcePort",
      "destinationPort",
    ],
    writes: ["protocol", "flags", "sourcePort", "destinationPort", "datagram"],
    process(batch, now) {
      if ((batch.flags & FRAGMENT) === 0) return 0;
      tick = Math.floor(now / TICK_MILLIS) | 0;
      const { rows, count, returned } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        if ((flags[row]! & FRAGMENT) === 0) continue;
        const problem = returned ? goOn(row) : meet(row);
        if (problem === 0) continue;
        verdict[row] = problem;
        decided++;
      }
      return decided;
    },
    describe(row) {
      if ((flags[row]! & LATER_FRAGMENT) === 0) return "";
      if (verdict[row]! === WAITING) return "waits for the first fragment";
      return datagram[row]! >= 0 && verdict[row]! === 0 ? "goes the way of the first fragment" : "";
    },
  };
}
