// Data path.
// Packets in the plainest form, of established flows or needing none, from the wire to the wire in
// one step: see README.md. All others it leaves alone; the steps behind find them as they came.

import type { PacketPool } from "../../packet/packet-pool.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { tickFrom, tickOf } from "../../tables/flow-timers.ts";
import type { InterfaceTable } from "../../tables/interface-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { TunnelWriter } from "../../tables/write-tunnel.ts";
import type { NetworkFunction } from "../network-function.ts";
import { byFlowV4 } from "./by-flow-v4.ts";
import { byFlowV6 } from "./by-flow-v6.ts";
import { byRuleV4 } from "./by-rule-v4.ts";
import { byRuleV6 } from "./by-rule-v6.ts";
import { Candidates, KEY_WORDS_V4, KEY_WORDS_V6 } from "./candidates.ts";
import { recogniser } from "./recognise.ts";
import { sender } from "./send.ts";

export interface FastPathDependencies {
  readonly pool: PacketPool;
  readonly interfaces: InterfaceTable;
  readonly snapshot: SnapshotHolder;
  readonly counters: DirectionCounters;
  readonly tables: readonly [FlowTable, FlowTable];
  readonly writeTunnel: TunnelWriter;
  /** As in encap/deliver.ts. */
  readonly deliver: (row: number, packet: number, end: number) => number;
}

export function fastPath(dependencies: FastPathDependencies): NetworkFunction {
  const { pool, interfaces, snapshot, counters, tables, writeTunnel, deliver } = dependencies;
  const v4 = new Candidates(KEY_WORDS_V4);
  const v6 = new Candidates(KEY_WORDS_V6);
  const send = sender(pool, snapshot, counters, writeTunnel, deliver);
  const recognise = recogniser(pool, interfaces, snapshot, v4, v6);
  const translateV4 = byFlowV4(pool, snapshot, tables[0], v4, send);
  const translateV6 = byFlowV6(pool, snapshot, tables[1], v6, send);
  const shiftV4 = byRuleV4(pool, snapshot, v4, send);
  const shiftV6 = byRuleV6(pool, snapshot, v6, send);
  return {
    name: "fast-path",
    shortcut: true,
    reads: ["start", "length", "rxInterface", "offload"],
    writes: [
      "start",
      "length",
      "outer",
      "vpc",
      "l3",
      "end",
      "flags",
      "toVpc",
      "direction",
      "flow",
      "aclRule",
      "sourceRule",
      "destinationRule",
      "sourcePort",
      "destinationPort",
      "datagram",
      "txInterface",
    ],
    process(batch, now) {
      const tick = tickOf(now);
      const since = tickFrom(now);
      recognise(batch);
      let sent = 0;
      if (v4.count > 0 && tables[0].count > 0) sent += translateV4(tick, since);
      if (v6.count > 0 && tables[1].count > 0) sent += translateV6(tick, since);
      if (v4.count > 0) sent += shiftV4();
      if (v6.count > 0) sent += shiftV6();
      return sent;
    },
  };
}
