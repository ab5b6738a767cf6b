// The public endpoints that a mode gives out, for whoever wants to know how many are left. Public
// addresses are told by the numbers of their port sets in the mapping table.

import type { PrefixPorts } from "../wire/prefix-ports.ts";

export interface NatPool {
  /** VNIs of who is behind it, and of who sees the public endpoints. */
  readonly vni: number;
  readonly peerVni: number;
  readonly publics: readonly PrefixPorts[];
  /** Public addresses. */
  readonly addressCount: number;
  /** Whether a host has a public address of its own, and gets others only while that is full. */
  readonly isPaired: boolean;
  /** Public endpoints of the protocol, those of other exposes left out. Inexact where exposes that
   * hold ports of the same address overlap. */
  size(protocol: number): number;
  /** The public address with that port set; undefined when it is none of the pool's. */
  addressOf(set: number, protocol: number): PoolAddress | undefined;
  /** Flows refused for want of an endpoint, over all configurations with these addresses. */
  refused(protocol: number): number;
  /** Likewise, flows that got an endpoint of another address than the one they began with. */
  elsewhere(protocol: number): number;
}

/** One public address for one protocol. */
export interface PoolAddress {
  /** In network order. */
  readonly bytes: Uint8Array;
  /** Ports that it may give. */
  readonly size: number;
  /** Whether the port is one of them. */
  gives(port: number): boolean;
  /** Of the flows that began their search here: those that no address had a port for, and those
   * that got one of another. */
  readonly refused: number;
  readonly elsewhere: number;
}
