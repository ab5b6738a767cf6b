// How the halves of a translation are told to the data path: as rules for a stretch of addresses
// (and ports). A mode makes them once, when a configuration is compiled; the data path
// executes them and knows no mode.

import type { Binder } from "../tables/flow-draft.ts";
import type { Family } from "../wire/ip-address.ts";
import type { PortRange } from "../wire/port.ts";
import type { NatPool } from "./nat-pool.ts";

export interface MappingRule {
  readonly family: Family;
  /** The addresses it applies to, both ends included. */
  readonly first: bigint;
  readonly last: bigint;
  /** The ports it applies to; undefined: every packet, with ports or without. */
  readonly ports?: PortRange | undefined;
  readonly mapping: Mapping;
}

export type Mapping = Shift | Reshape | Bind | Receive | AnswersOnly;

/** The new address is the old one plus `delta`, modulo 2^32 or 2^128; ports stay. */
export interface Shift {
  readonly kind: "shift";
  readonly delta: bigint;
}

/**
 * Address and port change together. The element number of (address, port) is
 * `n = (address - from.address) * from.portCount + (port - from.port) + add`, and the new pair is
 * `(to.address + n div to.portCount, to.port + n mod to.portCount)`; `n` is never negative for a
 * pair the rule applies to.
 */
export interface Reshape {
  readonly kind: "reshape";
  readonly from: Block;
  readonly to: Block;
  readonly add: bigint;
}

/** Addresses from `address` on, each with the ports `port` to `port + portCount - 1`. */
export interface Block {
  readonly address: bigint;
  readonly port: number;
  /** 1 to 65536. */
  readonly portCount: number;
}

/** Chosen for each flow, and kept with it. */
export interface Bind {
  readonly kind: "bind";
  readonly binder: Binder;
}

/** The binder knows to whom a flow goes that comes here and that no other expose takes. */
export interface Receive {
  readonly kind: "receive";
  readonly binder: Binder;
}

/** Only answers to a flow may come here. */
export interface AnswersOnly {
  readonly kind: "answers-only";
}

/** Both directions of a mode, and whether its flows are kept. */
export interface ModeHalves extends StatelessMapping {
  /** Undefined: nothing is kept. Otherwise milliseconds that an established flow may be idle,
   * "default" for those of the timers. */
  readonly idle?: number | "default" | undefined;
  /** Where public endpoints come from, when there may be too few of them. */
  readonly pool?: NatPool | undefined;
}

/** Rules for the sender's side and for the receiver's. */
export interface StatelessMapping {
  readonly toPublic: readonly MappingRule[];
  readonly toPrivate: readonly MappingRule[];
}
