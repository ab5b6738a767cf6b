// Data path.
// The same as by-rule-v4.ts for IPv6: addresses of four words, and no header checksum.

import { BATCH_MAX } from "../../packet/limits.ts";
import { segmentsFit } from "../../packet/offload.ts";
import { NO_FLOW_YET, type PacketPool, PORTS, UDP_CHECKSUM, V6 } from "../../packet/packet-pool.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  DELTA as DELTA_WORD,
  DIRECTION as DIRECTION_WORD,
  RESTRICTED,
  RULE_WORDS,
  SOURCE_ROOT as SOURCE_ROOT_WORD,
} from "../../tables/rule-table.ts";
import { SHORTCUT_MTU, SHORTCUT_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import { vpcOfVni } from "../../tables/vni-table.ts";
import type { RuleTranslator } from "./by-rule-v4.ts";
import { type Candidates, KEY_WORDS_V6 } from "./candidates.ts";
import type { Sender } from "./send.ts";

// Constants of this module: the compiler knows their values, those of others it looks up.
const ASKS = RESTRICTED;
const WORDS = RULE_WORDS;
const DIRECTION = DIRECTION_WORD;
const SOURCE_ROOT = SOURCE_ROOT_WORD;
const DELTA = DELTA_WORD;
const SHORTCUT = SHORTCUT_WORDS;
const MTU = SHORTCUT_MTU;
const WITHOUT_FLOW = NO_FLOW_YET;
const KEY_WORDS = KEY_WORDS_V6;
const TCP = 6;
const TCP_FLAGS = V6 | PORTS;
const UDP_FLAGS = V6 | PORTS | UDP_CHECKSUM;

export function byRuleV6(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  candidates: Candidates,
  send: Sender,
): RuleTranslator {
  const { bytes, view, sourceRule, destinationRule } = pool;
  const { rows, l3s, ends, keys } = candidates;
  /** By candidate: the rule of its destination, 0 for none that is plain. */
  const found = new Int32Array(BATCH_MAX);

  /** Apart from the second lookup, so that the cache misses of different packets overlap. */
  function findDestinations(count: number): void {
    const { cells, rules, destinationRoots, vnis } = snapshot.current;
    for (let i = 0; i < count; i++) {
      const vpc = vpcOfVni(vnis, keys[i * KEY_WORDS]! >>> 8);
      found[i] = 0;
      if (vpc < 0) continue;
      const rule = lookup(cells, destinationRoots[(vpc << 1) | 1]!, bytes, l3s[i]! + 24);
      if (rules[rule * WORDS + ASKS]! === 0) found[i] = rule;
    }
  }

  /** Adds the four words at `delta` to the address, with carries; only those that a delta reaches
   * are read and written. The sum of ~old + new over them (RFC 1624, equation 3). */
  function shiftAddress(at: number, rules: Int32Array, delta: number): number {
    let carry = 0;
    let change = 0;
    for (let i = 3; i >= 0; i--) {
      const add = rules[delta + i]!;
      if ((add | carry) === 0) continue;
      const old = view.getInt32(at + 4 * i);
      const sum = (old + add + carry) | 0;
      view.setInt32(at + 4 * i, sum);
      carry = ((old & add) | ((old | add) & ~sum)) >>> 31;
      change += (~old >>> 16) + (~old & 0xffff) + (sum >>> 16) + (sum & 0xffff);
    }
    return change;
  }

  /** The hop limit, and the checksum when addresses have changed. */
  function finish(l3: number, tcp: boolean, change: number): void {
    bytes[l3 + 7] = bytes[l3 + 7]! - 1;
    if (change === 0) return;
    const checksum = (l3 + (tcp ? 56 : 46)) | 0;
    const old = view.getUint16(checksum);
    if (old === 0 && !tcp) return;
    let sum = (~old & 0xffff) + change;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && !tcp ? 0xffff : sum);
  }

  return function translateByRule() {
    const { count } = candidates;
    findDestinations(count);
    const { cells, rules, shortcuts } = snapshot.current;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const destination = found[i]!;
      if (destination === 0) continue;
      const word = destination * WORDS;
      const l3 = l3s[i]!;
      const source = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, l3 + 8);
      if (rules[source * WORDS + ASKS]! !== 0) continue;
      const way = rules[word + DIRECTION]!;
      const end = ends[i]!;
      const most = shortcuts[way * SHORTCUT + MTU]!;
      if (end - l3 > most && !segmentsFit(pool, rows[i]!, l3, most)) continue;
      const tcp = (keys[i * KEY_WORDS]! & 0xff) === TCP;
      const change = shiftAddress(l3 + 8, rules, source * WORDS + DELTA);
      finish(l3, tcp, change + shiftAddress(l3 + 24, rules, word + DELTA));
      const row = rows[i]!;
      sourceRule[row] = source;
      destinationRule[row] = destination;
      send(row, l3, end, way, WITHOUT_FLOW, tcp ? TCP_FLAGS : UDP_FLAGS, keys[i * KEY_WORDS + 9]!);
      sent = (sent + 1) | 0;
    }
    return sent;
  };
}
