// Data path.
// What `route`, `encap` and `egress` do, for packets whose direction says all: the headers of the
// way out, the columns that others look at afterwards, and the counts.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { SENT } from "../../packet/verdict.ts";
import { NO_ACL } from "../../tables/acl-table.ts";
import { TEMPLATE_BYTES } from "../../tables/adjacency-table.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import {
  SHORTCUT_FROM,
  SHORTCUT_TEMPLATE,
  SHORTCUT_TO,
  SHORTCUT_WORDS,
  type SnapshotHolder,
} from "../../tables/snapshot.ts";
import type { TunnelWriter } from "../../tables/write-tunnel.ts";
import type { Departures } from "./departures.ts";

const VERDICT = SENT;
const WITHOUT_ACL = NO_ACL;
const WORDS = SHORTCUT_WORDS;
const TEMPLATE = SHORTCUT_TEMPLATE;
const FROM = SHORTCUT_FROM;
const TO = SHORTCUT_TO;
const HEADERS = TEMPLATE_BYTES;
const ETHERNET_LENGTH = 14;

/** Sends all departures. */
export function sender(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  counters: DirectionCounters,
  departures: Departures,
  writeTunnel: TunnelWriter,
): () => void {
  const { bytes, view, start, length, l3, end, vpc, toVpc, direction } = pool;
  const { outer, aclRule, verdict } = pool;
  const { rows, ports } = departures;

  /** Out as it came: nothing to do but to name the VPC it goes to, if it came in a tunnel. */
  function sendBack(row: number, packet: number, vni: number): void {
    const inner = (packet - ETHERNET_LENGTH) | 0;
    const tunnelled = inner > start[row]!;
    outer[row] = tunnelled ? start[row]! : -1;
    // The last byte of the word is reserved and stays.
    if (tunnelled) view.setInt32(inner - 4, (vni << 8) | bytes[inner - 1]!);
  }

  function sendTunnelled(row: number, template: number, portPair: number): void {
    const { adjacencies } = snapshot.current;
    const packet = l3[row]!;
    const packetEnd = end[row]!;
    const at = (packet - HEADERS) | 0;
    writeTunnel(packet, packetEnd, template, adjacencies, portPair);
    outer[row] = packet - ETHERNET_LENGTH > start[row]! ? start[row]! : -1;
    start[row] = at;
    length[row] = (packetEnd - at) | 0;
  }

  return function send() {
    const { count } = departures;
    const { shortcuts, vpcVnis } = snapshot.current;
    const { packets, bytes: octets } = counters.current;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const way = direction[row]!;
      const shortcut = way * WORDS;
      const to = shortcuts[shortcut + TO]!;
      const template = shortcuts[shortcut + TEMPLATE]!;
      if (template === 0) sendBack(row, l3[row]!, vpcVnis[to]!);
      else sendTunnelled(row, template, ports[i]!);
      vpc[row] = shortcuts[shortcut + FROM]!;
      toVpc[row] = to;
      aclRule[row] = WITHOUT_ACL;
      verdict[row] = VERDICT;
      packets[way] = packets[way]! + 1;
      octets[way] = octets[way]! + (end[row]! - l3[row]!);
    }
  };
}
