// What a gateway is made with.

import type { Memory } from "../base/arena.ts";
import type { Random } from "../base/random.ts";
import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import type { AdjacencyInit } from "../tables/adjacency-table.ts";
import type { FlowOptions } from "./flows.ts";

export interface GatewayOptions extends FlowOptions {
  /** Most packets in flight; 16 to 65536. Default 1024. */
  readonly slots?: number;
  /** Bytes of a slot, headroom (128) included: a multiple of 64, at least 512. Default 2048. */
  readonly slotBytes?: number;
}

export interface GatewayDependencies {
  /** Port choice and hash keys come from here, so that a seed repeats a run. */
  readonly random: Random;
  /** Where pool and tables live; default ordinary memory. */
  readonly memory?: Memory | undefined;
  /** Where packets to a VPC go; undefined: out the way they came. */
  readonly adjacency?: ((vpc: string) => AdjacencyInit | undefined) | undefined;
  /** The gateway has links of its own and routes of its VPCs, and packets go by them. */
  readonly live?: { readonly notice: (sentence: string) => void } | undefined;
}

/** What gives frames: a driver. As many as there are, in new rows of `pool`; how many. */
export interface FrameSource {
  receive(pool: PacketPool, batch: Batch, iface: number): number;
}
