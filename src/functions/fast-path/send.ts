// Data path.
// What `route`, `encap` and `egress` do, for packets whose direction says all: the headers of the
// way out, the columns that others look at afterwards, and the counts.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { SENT } from "../../packet/verdict.ts";
import { NO_ACL } from "../../tables/acl-table.ts";
import { TEMPLATE_BYTES } from "../../tables/adjacency-table.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import {
  SHORTCUT_ADJACENCY,
  SHORTCUT_FROM,
  SHORTCUT_TO,
  SHORTCUT_WORDS,
  type SnapshotHolder,
} from "../../tables/snapshot.ts";
import type { TunnelWriter } from "../../tables/write-tunnel.ts";

const VERDICT = SENT;
const WITHOUT_ACL = NO_ACL;
const WORDS = SHORTCUT_WORDS;
const ADJACENCY = SHORTCUT_ADJACENCY;
const FROM = SHORTCUT_FROM;
const TO = SHORTCUT_TO;
const HEADERS = TEMPLATE_BYTES;
const ETHERNET_LENGTH = 14;

/** Sends the IP packet from `l3` to `end` of a row. `ports` are its ports as they arrived. */
export type Sender = (
  row: number,
  l3: number,
  end: number,
  way: number,
  flow: number,
  flags: number,
  ports: number,
) => void;

export function sender(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  counters: DirectionCounters,
  writeTunnel: TunnelWriter,
): Sender {
  const { bytes, view, start, length, vpc, toVpc } = pool;
  const { l3: packetStart, end: packetEnd, direction, flow: flowOf, flags: flagsOf } = pool;
  const { outer, aclRule, verdict } = pool;

  /** Out as it came: nothing to do but to name the VPC it goes to, if it came in a tunnel. */
  function sendBack(row: number, packet: number, vni: number): void {
    const inner = (packet - ETHERNET_LENGTH) | 0;
    const tunnelled = inner > start[row]!;
    outer[row] = tunnelled ? start[row]! : -1;
    // The last byte of the word is reserved and stays.
    if (tunnelled) view.setInt32(inner - 4, (vni << 8) | bytes[inner - 1]!);
  }

  return function send(row, l3, end, way, flow, flags, ports) {
    const { shortcuts, vpcVnis, adjacencies } = snapshot.current;
    const { packets, bytes: octets } = counters.current;
    const shortcut = way * WORDS;
    const to = shortcuts[shortcut + TO]!;
    const adjacency = shortcuts[shortcut + ADJACENCY]!;
    if (adjacency === 0) sendBack(row, l3, vpcVnis[to]!);
    else {
      const at = (l3 - HEADERS) | 0;
      writeTunnel(l3, end, adjacency, adjacencies, ports);
      outer[row] = l3 - ETHERNET_LENGTH > start[row]! ? start[row]! : -1;
      start[row] = at;
      length[row] = (end - at) | 0;
    }
    packetStart[row] = l3;
    packetEnd[row] = end;
    direction[row] = way;
    flowOf[row] = flow;
    flagsOf[row] = flags;
    vpc[row] = shortcuts[shortcut + FROM]!;
    toVpc[row] = to;
    aclRule[row] = WITHOUT_ACL;
    verdict[row] = VERDICT;
    packets[way] = packets[way]! + 1;
    octets[way] = octets[way]! + (end - l3);
  };
}
