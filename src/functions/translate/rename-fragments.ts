// Data path.
// Behind a translation that several addresses share, two of them may use one identification towards
// the same host at the same time, and that host would mix their fragments up (RFC 4787, REQ-14;
// RFC 6864, 5.3). So a datagram whose ports decided its way leaves with an identification of the
// gateway's own, the same for all its fragments: those it came in, and those it is cut into here.

import { updateChecksum } from "../../packet/checksum-update.ts";
import { findFragmentHeader } from "../../packet/ipv6-extensions.ts";
import { FRAGMENT, ICMP_ERROR, type PacketPool, TO_BE_CUT, V6 } from "../../packet/packet-pool.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import type { FragmentTable } from "../../tables/fragment-table.ts";
import { Identifications } from "../../tables/identifications.ts";
import type { HashKey } from "../../tables/key-hash.ts";
import { KIND, RESHAPE, RULE_WORDS } from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";

/** Renames the fragments among `count` rows that have been translated. */
export type FragmentRenamer = (rows: Int32Array, count: number) => void;

export function fragmentRenamer(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
  fragments: FragmentTable,
  hashKey: HashKey,
): FragmentRenamer {
  const { bytes, view, l3, flags, datagram, flow, sourceRule, destinationRule, verdict } = pool;
  const { newId, renamed, protocol } = fragments;
  const identifications = new Identifications(hashKey);

  /** Whether other addresses may become the same. */
  function isShared(row: number): boolean {
    const { rules } = snapshot.current;
    const entry = flow[row]!;
    if (entry >= 0) {
      const table = tables[flags[row]! & V6]!;
      return table.hides(entry, rules) || table.hides(entry ^ 1, rules);
    }
    const from = rules[sourceRule[row]! * RULE_WORDS + KIND]!;
    return from === RESHAPE || rules[destinationRule[row]! * RULE_WORDS + KIND]! === RESHAPE;
  }

  function rename(row: number): void {
    const found = datagram[row]!;
    const at = l3[row]!;
    const v6 = (flags[row]! & V6) !== 0;
    if (renamed[found]! === 0) {
      const source = at + (v6 ? 8 : 12);
      newId[found] = identifications.next(view, source, v6 ? 16 : 4, v6 ? 0 : protocol[found]!);
      renamed[found] = 1;
    }
    const id = newId[found]!;
    if (v6) view.setInt32(findFragmentHeader(bytes, at) + 4, id);
    else renameV4(at, id);
  }

  function renameV4(at: number, id: number): void {
    const old = view.getUint16(at + 4);
    view.setUint16(at + 4, id & 0xffff);
    updateChecksum(view, at + 10, old, id & 0xffff);
  }

  /** A whole IPv4 packet that is going to be cut. */
  function renameWhole(row: number): void {
    const at = l3[row]!;
    renameV4(at, identifications.next(view, at + 12, 4, bytes[at + 9]!));
  }

  return function renameFragments(rows, count) {
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const rowFlags = flags[row]!;
      if (verdict[row]! !== 0) continue;
      if ((rowFlags & FRAGMENT) !== 0) {
        const named = datagram[row]! >= 0 && (rowFlags & ICMP_ERROR) === 0;
        if (named && isShared(row)) rename(row);
      } else if ((rowFlags & TO_BE_CUT) !== 0 && isShared(row)) renameWhole(row);
    }
  };
}
