// Data path.
// Whether anybody on a packet's way asks for its ports: an expose with ports or a protocol, one
// that keeps flows, a sender that may be known to a flow alone, an access list with ports. That is
// told by addresses, so the answer is the same for all fragments of a datagram.

import { type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  ACL,
  CONDITIONAL,
  DIRECTION,
  RESTRICTED,
  RULE_WORDS,
  SOURCE_ROOT,
  TRACK,
} from "../../tables/rule-table.ts";
import { ACL_PORTS, ACL_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";

export function portsAsker(pool: PacketPool, snapshot: SnapshotHolder): (row: number) => boolean {
  const { bytes, l3, flags, vpc } = pool;

  function ruleAsks(rules: Int32Array, word: number): boolean {
    return (rules[word + RESTRICTED]! & CONDITIONAL) !== 0 || rules[word + TRACK]! !== 0;
  }

  return function asksForPorts(row) {
    const { cells, rules, destinationRoots, flowHostRoots, acls } = snapshot.current;
    const v6 = flags[row]! & V6;
    const source = l3[row]! + (v6 !== 0 ? 8 : 12);
    const destination = source + (v6 !== 0 ? 16 : 4);
    // Who has no peer there will be told so at once; so will who is not exposed.
    const there = lookup(cells, destinationRoots[vpc[row]! * 2 + v6]!, bytes, destination);
    if (there === 0) return false;
    const word = there * RULE_WORDS;
    const flowHosts = flowHostRoots[rules[word + DIRECTION]! * 2 + v6]!;
    if (ruleAsks(rules, word) || lookup(cells, flowHosts, bytes, source) !== 0) return true;
    const here = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, source);
    if (here === 0) return false;
    const list = rules[word + ACL]!;
    return (
      ruleAsks(rules, here * RULE_WORDS) || (list >= 0 && acls[list * ACL_WORDS + ACL_PORTS]! !== 0)
    );
  };
}
