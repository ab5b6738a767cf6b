// The gateway as everybody outside the data path sees it. (API first; being filled in.)

import type { Random } from "../base/random.ts";
import type { Config } from "../config/model.ts";
import type { Outcome } from "./outcome.ts";

export interface GatewayOptions {
  /** Most packets in flight; 16 to 65536. Default 1024. */
  readonly slots?: number;
  /** Bytes of a slot, headroom (256) included: a multiple of 64. Default 2048. */
  readonly slotBytes?: number;
}

export interface InterfaceOptions {
  readonly name: string;
  readonly link: "ethernet" | "raw-ip";
  /** The VPC of frames without a tunnel; undefined: such frames have no VPC. */
  readonly vpc?: string | undefined;
  /** Whether frames may come in VXLAN; then the VNI tells the VPC. */
  readonly vxlan: boolean;
}

export interface Counts {
  readonly received: number;
  readonly sent: number;
  readonly consumed: number;
  /** By reason; only reasons that occurred. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Sent packets and bytes (of the IP packet), by VPC pair; only pairs that occurred. */
  readonly pairs: readonly PairCount[];
}

export interface PairCount {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
}

/** One line of a packet's trace. */
export interface TraceLine {
  readonly index: number;
  readonly step: string;
  /** What the step found or did, for people; "" when nothing worth saying. */
  readonly text: string;
}

export interface GatewayApi {
  /** Swaps in a configuration, between two batches: all of it or (by throwing) nothing. */
  apply(config: Config): void;
  /** Returns the interface's index, to be given to `receive`. */
  addInterface(options: InterfaceOptions): number;
  /** Copies a frame in; false when the batch is full (`run` first). A frame over the slot size is
   * accounted for as dropped with "frame-too-long" and still gets an outcome. */
  receive(iface: number, frame: Uint8Array): boolean;
  /** Sends the waiting packets through all steps. `now` in milliseconds. Returns how many there
   * were; their outcomes, in the order received, can be asked for until `clear`. */
  run(now: number, trace?: TraceLine[]): number;
  outcome(index: number): Outcome;
  /** Gives the packets of the last run back to the pool. */
  clear(): void;
  counts(): Counts;
}

export interface GatewayDependencies {
  readonly random: Random;
}
