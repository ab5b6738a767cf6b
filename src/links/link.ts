// The gateway's links, as the configuration wants them: where it has an address among hosts of a
// VPC, on an interface or inside the VPC's VNI, and the far ends of tunnels that carry packets
// alone (RFC 7348).

import type { Attachment, Config } from "../config/model.ts";
import type { IpAddress } from "../wire/ip-address.ts";
import { containsAddress, type Prefix } from "../wire/prefix.ts";

export interface LinkAddress {
  readonly address: IpAddress;
  /** Whose addresses are neighbors. */
  readonly network: Prefix;
}

interface LinkCommon {
  /** What stays the same from one configuration to the next. */
  readonly key: string;
  readonly vpc: string;
  /** One of a family at most. */
  readonly addresses: readonly LinkAddress[];
}

/** Hosts on an interface. */
export interface EthernetLink extends LinkCommon {
  readonly kind: "ethernet";
  readonly interface: string;
}

/** Hosts inside a VNI, behind any of several VTEPs. */
export interface SegmentLink extends LinkCommon {
  readonly kind: "segment";
  readonly vni: number;
  /** As 32-bit numbers. What is for all hosts goes to each of them. */
  readonly vteps: readonly number[];
}

/** A router at the far end of a tunnel: its neighbor is that end. */
export interface TunnelLink extends LinkCommon {
  readonly kind: "tunnel";
  readonly vni: number;
  readonly vtep: number;
  readonly routerMac: Uint8Array;
}

export type Link = EthernetLink | SegmentLink | TunnelLink;

/** IPv4 only. */
export function vtepNumber(address: IpAddress): number {
  return Number(address.value) | 0;
}

/** The links that hosts are on. */
export function linksOf(config: Config): (EthernetLink | SegmentLink)[] {
  const byKey = Map.groupBy(config.attachments, keyOf);
  return [...byKey].map(([key, all]) => {
    const [{ vpc, segment }] = all as [Attachment];
    const addresses = all.map(({ address, network }) => ({ address, network }));
    const common = { key, vpc, addresses };
    if (segment.kind === "interface") {
      return { ...common, kind: "ethernet", interface: segment.interface };
    }
    const vni = config.vpcs.find(({ name }) => name === vpc)!.vni;
    return { ...common, kind: "segment", vni, vteps: segment.vteps.map(vtepNumber) };
  });
}

function keyOf({ vpc, segment }: Attachment): string {
  return segment.kind === "interface" ? `${vpc} on ${segment.interface}` : `${vpc} in its VNI`;
}

/** The gateway's address among the neighbors of `address`. */
export function ownAddressFor(link: Link, address: IpAddress): IpAddress | undefined {
  return link.addresses.find(({ network }) => containsAddress(network, address))?.address;
}
