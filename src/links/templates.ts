// Writes what the data path puts in front of packets to a neighbor, as far as it is known.

import type { Underlay } from "../config/model.ts";
import { TEMPLATE_BYTES, writeEthernet, writeTemplate } from "../tables/adjacency-table.ts";
import { ETHERNET, type NeighborTable, TUNNEL, UNRESOLVED } from "../tables/neighbor-table.ts";
import { type SegmentLink, type TunnelLink, vtepNumber } from "./link.ts";
import type { Port } from "./links.ts";
import type { Neighbor } from "./neighbors.ts";
import type { OuterHop } from "./outer.ts";

export class Templates {
  readonly #table: NeighborTable;

  constructor(table: NeighborTable) {
    this.#table = table;
  }

  /** Whether all is known. */
  ethernet({ entry, mac }: Neighbor, port: Port | undefined): boolean {
    if (mac === undefined || port === undefined) return this.#unknown(entry);
    const { templates, interfaces, kinds } = this.#table;
    writeEthernet(templates, entry * TEMPLATE_BYTES, port.mac, mac);
    interfaces[entry] = port.iface;
    kinds[entry] = ETHERNET;
    return true;
  }

  /** Whether all is known. */
  tunnel(
    neighbor: Neighbor,
    link: SegmentLink | TunnelLink,
    underlay: Underlay | undefined,
    port: Port | undefined,
    hops: ReadonlyMap<number, OuterHop>,
  ): boolean {
    const { entry } = neighbor;
    const [mac, vtep] =
      link.kind === "tunnel" ? [link.routerMac, link.vtep] : [neighbor.mac, neighbor.vtep];
    const hop = hops.get(vtep);
    if (!mac || !underlay || !port || !hop) return this.#unknown(entry);
    const { templates, sums, interfaces, kinds } = this.#table;
    sums[entry] = writeTemplate(templates, entry * TEMPLATE_BYTES, {
      outerSourceMac: hop.sourceMac,
      outerDestinationMac: hop.destinationMac,
      vtep: vtepNumber(underlay.vtep),
      remoteVtep: vtep,
      vni: link.vni,
      innerSourceMac: underlay.vtepMac,
      innerDestinationMac: mac,
    });
    interfaces[entry] = port.iface;
    kinds[entry] = TUNNEL;
    return true;
  }

  #unknown(entry: number): boolean {
    this.#table.kinds[entry] = UNRESOLVED;
    return false;
  }
}
