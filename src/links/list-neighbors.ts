// Neighbors for people.

import { formatIpAddress, readIpAddress } from "../wire/ip-address.ts";
import { formatMac } from "../wire/mac.ts";
import type { Link } from "./link.ts";
import type { Neighbor, Neighbors } from "./neighbors.ts";
import type { Plan } from "./plan.ts";

/** Plain data. */
export interface NeighborView {
  readonly vpc: string;
  /** The interface that it is on; null for one in a tunnel. */
  readonly interface: string | null;
  readonly address: string;
  /** null: not known. */
  readonly mac: string | null;
  /** The VTEP that it is behind; null when there is none, or it is not known. */
  readonly vtep: string | null;
  /** "known"; "asked": it has been asked for and has not answered yet; "unknown": it did not. */
  readonly state: "known" | "asked" | "unknown";
  /** Whether a route leads through it. */
  readonly route: boolean;
}

/** The neighbor of that number, which it keeps as long as it is known; undefined when there is
 * none, or none in `vpc`. */
export function neighborView(
  neighbors: Neighbors,
  plan: Plan,
  entry: number,
  vpc?: string,
): NeighborView | undefined {
  const neighbor = neighbors.get(entry);
  const link = neighbor && plan.link(neighbor.link);
  if (!link || (vpc !== undefined && link.vpc !== vpc)) return undefined;
  return viewNeighbor(neighbor, link);
}

function viewNeighbor({ address, mac, vtep, asked, pinned }: Neighbor, link: Link): NeighborView {
  return {
    vpc: link.vpc,
    interface: link.kind === "ethernet" ? link.interface : null,
    address: formatIpAddress(address),
    mac: mac ? formatMac(mac) : null,
    vtep: vtep === 0 ? null : formatVtep(vtep),
    state: asked > 0 ? "asked" : mac ? "known" : "unknown",
    route: pinned,
  };
}

/** From the 32-bit number. */
function formatVtep(vtep: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, vtep);
  return formatIpAddress(readIpAddress(bytes, 0, 4));
}
