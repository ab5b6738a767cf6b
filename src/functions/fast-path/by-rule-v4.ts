// Data path.
// Candidates of IPv4 without a flow, whose exposes need none: two lookups, destination first, then
// source, as in admit; then both addresses move by the distances that the rules say.

import { BATCH_MAX } from "../../packet/limits.ts";
import { segmentsFit } from "../../packet/offload.ts";
import { NO_FLOW_YET, type PacketPool, PORTS, UDP_CHECKSUM } from "../../packet/packet-pool.ts";
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
import type { Candidates } from "./candidates.ts";
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
const TCP = 6;
const TCP_FLAGS = PORTS;
const UDP_FLAGS = PORTS | UDP_CHECKSUM;

/** Translates and sends what can be; how many that were. */
export type RuleTranslator = () => number;

export function byRuleV4(
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
      const vpc = vpcOfVni(vnis, keys[i << 2]! >>> 8);
      found[i] = 0;
      if (vpc < 0) continue;
      const rule = lookup(cells, destinationRoots[vpc << 1]!, bytes, l3s[i]! + 16);
      if (rules[rule * WORDS + ASKS]! === 0) found[i] = rule;
    }
  }

  /** Both addresses, one hop less, and the checksums over them (RFC 1624, equation 3). */
  function shift(l3: number, tcp: boolean, sourceDelta: number, destinationDelta: number): void {
    const source = view.getInt32(l3 + 12);
    const destination = view.getInt32(l3 + 16);
    const newSource = (source + sourceDelta) | 0;
    const newDestination = (destination + destinationDelta) | 0;
    view.setInt32(l3 + 12, newSource);
    view.setInt32(l3 + 16, newDestination);
    const change =
      (~source >>> 16) +
      (~source & 0xffff) +
      (newSource >>> 16) +
      (newSource & 0xffff) +
      (~destination >>> 16) +
      (~destination & 0xffff) +
      (newDestination >>> 16) +
      (newDestination & 0xffff);
    // TTL, protocol and the header checksum are one word; one hop less adds 0xfeff.
    const hops = view.getInt32(l3 + 8);
    let sum = (~hops & 0xffff) + change + 0xfeff;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setInt32(l3 + 8, ((hops - 0x1000000) & 0xffff0000) | sum);
    if ((sourceDelta | destinationDelta) === 0) return;
    const checksum = (l3 + (tcp ? 36 : 26)) | 0;
    const old = view.getUint16(checksum);
    if (old === 0 && !tcp) return;
    sum = (~old & 0xffff) + change;
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
      const source = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, l3 + 12);
      if (rules[source * WORDS + ASKS]! !== 0) continue;
      const way = rules[word + DIRECTION]!;
      const end = ends[i]!;
      const most = shortcuts[way * SHORTCUT + MTU]!;
      if (end - l3 > most && !segmentsFit(pool, rows[i]!, l3, most)) continue;
      const tcp = (keys[i << 2]! & 0xff) === TCP;
      shift(l3, tcp, rules[source * WORDS + DELTA]!, rules[word + DELTA]!);
      const row = rows[i]!;
      sourceRule[row] = source;
      destinationRule[row] = destination;
      send(row, l3, end, way, WITHOUT_FLOW, tcp ? TCP_FLAGS : UDP_FLAGS, keys[(i << 2) + 3]!);
      sent = (sent + 1) | 0;
    }
    return sent;
  };
}
