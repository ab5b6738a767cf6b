// Data path.
// What `route`, `encap` and `egress` do, for packets whose direction says all: the headers of the
// way out, the columns that others look at afterwards, and the counts.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { SENT } from "../../packet/verdict.ts";
import { NO_ACL } from "../../tables/acl-table.ts";
import { TEMPLATE_BYTES } from "../../tables/adjacency-table.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import {
  ROUTED,
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
const BY_ROUTE = ROUTED;
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
  deliver: (row: number, packet: number, end: number) => number,
): Sender {
  const { bytes, view, start, length, vpc, toVpc, rxInterface, txInterface } = pool;
  const { sourcePort, destinationPort } = pool;
  const { l3: packetStart, end: packetEnd, direction, flow: flowOf, flags: flagsOf } = pool;
  const { outer, aclRule, verdict } = pool;

  /** Out as it came: nothing to do but to name the VPC it goes to, if it came in a tunnel. */
  function sendBack(row: number, packet: number, vni: number): void {
    const inner = (packet - ETHERNET_LENGTH) | 0;
    const tunnelled = inner > start[row]!;
    txInterface[row] = rxInterface[row]!;
    outer[row] = tunnelled ? start[row]! : -1;
    // The last byte of the word is reserved and stays.
    if (tunnelled) view.setInt32(inner - 4, (vni << 8) | bytes[inner - 1]!);
  }

  /** By the routes of the VPC, which may mean to wait, or that there are none. */
  function sendRouted(row: number, l3: number, end: number, ports: number): number {
    outer[row] = l3 - ETHERNET_LENGTH > start[row]! ? start[row]! : -1;
    sourcePort[row] = ports >>> 16;
    destinationPort[row] = ports & 0xffff;
    return deliver(row, l3, end);
  }

  return function send(row, l3, end, way, flow, flags, ports) {
    const { shortcuts, vpcVnis, adjacencies } = snapshot.current;
    const { packets, bytes: octets } = counters.current;
    const shortcut = way * WORDS;
    const to = shortcuts[shortcut + TO]!;
    const adjacency = shortcuts[shortcut + ADJACENCY]!;
    vpc[row] = shortcuts[shortcut + FROM]!;
    toVpc[row] = to;
    direction[row] = way;
    if (adjacency === 0) sendBack(row, l3, vpcVnis[to]!);
    else if (adjacency === BY_ROUTE) {
      const code = sendRouted(row, l3, end, ports);
      if (code !== 0) verdict[row] = code;
    } else {
      const at = (l3 - HEADERS) | 0;
      writeTunnel(l3, end, adjacency, adjacencies, ports);
      txInterface[row] = rxInterface[row]!;
      outer[row] = l3 - ETHERNET_LENGTH > start[row]! ? start[row]! : -1;
      start[row] = at;
      length[row] = (end - at) | 0;
    }
    packetStart[row] = l3;
    packetEnd[row] = end;
    flowOf[row] = flow;
    flagsOf[row] = flags;
    aclRule[row] = WITHOUT_ACL;
    if (verdict[row]! !== 0) return;
    verdict[row] = VERDICT;
    packets[way] = packets[way]! + 1;
    octets[way] = octets[way]! + (end - l3);
  };
}
