// The interfaces that frames come by, and which VPC each belongs to.

import { InterfaceTable, RAW_IP, UNREADABLE, VXLAN } from "../tables/interface-table.ts";
import type { FrameLink } from "../wire/describe-frame.ts";

export type Link = FrameLink;

export interface InterfaceOptions {
  readonly name: string;
  /** How frames start; those of an unknown link are all dropped. */
  readonly link: Link;
  /** The VPC of frames without a tunnel; undefined: such frames have no VPC. */
  readonly vpc?: string | undefined;
  /** Whether frames may come in VXLAN; then the VNI tells the VPC. */
  readonly vxlan: boolean;
  /** Six bytes. Only frames for this MAC address count (with tunnels: of those in tunnels), and the
   * gateway answers for itself there. Undefined: all count. */
  readonly mac?: Uint8Array | undefined;
}

const LINK_KINDS: Record<Link, number> = {
  ethernet: 0,
  "raw-ip": RAW_IP,
  unknown: RAW_IP | UNREADABLE,
};

export class Interfaces {
  readonly table = new InterfaceTable();
  readonly #options: InterfaceOptions[] = [];

  add(options: InterfaceOptions): number {
    this.#options.push(options);
    return this.table.add(kindOf(options), options.mac);
  }

  set(index: number, options: InterfaceOptions): void {
    this.#options[index] = options;
    this.table.set(index, kindOf(options), options.mac);
  }

  /** By index. */
  get all(): readonly InterfaceOptions[] {
    return this.#options;
  }

  /** By interface: the index of its VPC in `names`, -1 for none; and one more, for packets that are
   * only tried out. */
  vpcs(names: readonly string[]): Int32Array {
    const all = this.#options.map(({ vpc }) => (vpc === undefined ? -1 : names.indexOf(vpc)));
    return Int32Array.of(...all, -1);
  }
}

function kindOf({ link, vxlan }: InterfaceOptions): number {
  return LINK_KINDS[link] | (vxlan ? VXLAN : 0);
}
