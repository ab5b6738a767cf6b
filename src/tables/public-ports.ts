// The ports of one public address and protocol, as one VPC sees them: which are taken, and by which
// mapping where that is asked for (endpoints that anybody may send to, or that several share).

import { PortSet } from "./port-set.ts";

export class PublicPorts {
  readonly free = new PortSet();
  /** In network order. */
  readonly address: Uint8Array;
  /** The VNI of who sees it. */
  readonly realm: number;
  readonly protocol: number;
  /** By port: the mapping. Most pools never ask, so most ports are not in it. */
  #owners: Map<number, number> | undefined;

  constructor(address: Uint8Array, realm: number, protocol: number) {
    this.address = address;
    this.realm = realm;
    this.protocol = protocol;
  }

  /** The mapping that was named for the port, or -1. */
  owner(port: number): number {
    return this.#owners?.get(port) ?? -1;
  }

  name(port: number, mapping: number): void {
    this.#owners ??= new Map();
    this.#owners.set(port, mapping);
  }

  release(port: number): void {
    this.free.release(port);
    this.#owners?.delete(port);
  }
}
