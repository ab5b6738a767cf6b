// The data path of a gateway with its pool open to view: for tests that put rows in and take rows
// out themselves, as drivers do.

import { plainMemory } from "../../src/base/arena.ts";
import { seededRandom } from "../../src/base/random.ts";
import { compile } from "../../src/gateway/compile.ts";
import { makeFlows } from "../../src/gateway/flows.ts";
import { neighborTables } from "../../src/gateway/neighborhood.ts";
import { gatewaySteps } from "../../src/gateway/steps.ts";
import { natModes } from "../../src/nat/modes.ts";
import { WHOLE_SLOT_BYTES } from "../../src/packet/limits.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { AdjacencyInit } from "../../src/tables/adjacency-table.ts";
import { directionCounts } from "../../src/tables/direction-counters.ts";
import { InterfaceTable } from "../../src/tables/interface-table.ts";
import { EMPTY_SNAPSHOT, type SnapshotHolder } from "../../src/tables/snapshot.ts";
import { configOf } from "./gateway.ts";

/** With slots for super-frames, and an Ethernet interface for each VPC: number i is that of VPC i.
 * Packets to a VPC without adjacency leave with the frame they came in. */
export function makeDataPath(
  text: string | object,
  adjacency?: (vpc: string) => AdjacencyInit | undefined,
  slots = 32,
) {
  const config = configOf(text);
  const current: SnapshotHolder = { current: EMPTY_SNAPSHOT };
  const flows = makeFlows({ flowCapacity: 1024 }, seededRandom(1), undefined, current);
  const { nat } = flows;
  const timersOf = flows.setTimers(config.timers);
  const { snapshot, names } = compile(config, { modes: natModes, nat, timersOf, adjacency });
  const pool = new PacketPool({ slots, slotBytes: WHOLE_SLOT_BYTES });
  const interfaces = new InterfaceTable();
  const interfaceVpcs = Int32Array.from(config.vpcs, () => interfaces.add(0));
  current.current = { ...snapshot, generation: 1, interfaceVpcs };
  const counters = { current: directionCounts(names.directions.length) };
  const made = gatewaySteps({
    flows,
    pool,
    interfaces,
    snapshot: current,
    counters,
    next: neighborTables(flows.hashKey, plainMemory, false),
  });
  return {
    pool,
    pipeline: new Pipeline(pool, counters, made.steps),
    answer: made.answer,
    pieces: made.cut.pieces,
  };
}
