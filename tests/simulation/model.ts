// A configuration as the simulation thinks of it, and the same as a configuration file. The oracle
// reads this, the gateway the file.

import { type Address, addressText } from "./address.ts";

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ICMPV6 = 58;

/** `count` addresses (a power of two) from an aligned one on, perhaps with ports. */
export interface Range {
  readonly first: Address;
  readonly count: number;
  readonly ports?: readonly [number, number] | undefined;
}

export interface MasqueradeModel {
  readonly ports: readonly [number, number];
  readonly portPreservation: boolean;
  readonly portParity: boolean;
  /** Public endpoints are shared by flows to different destinations. */
  readonly shares: boolean;
  /** Anybody may send to a public endpoint in use. */
  readonly open: boolean;
  readonly sequential: boolean;
  readonly flowsPerHost: number | undefined;
}

export interface ExposeModel {
  readonly kind: "plain" | "static" | "masquerade" | "port-forward";
  readonly privates: readonly Range[];
  /** The same as `privates` where nothing is translated. */
  readonly publics: readonly Range[];
  /** Of a port forward: TCP or UDP. */
  readonly protocol?: number | undefined;
  readonly masquerade?: MasqueradeModel | undefined;
  /** Milliseconds that an established flow may be idle; undefined: as the protocol's. */
  readonly idle?: number | undefined;
}

export interface SideModel {
  /** Index of the VPC. */
  readonly vpc: number;
  readonly exposes: readonly ExposeModel[];
  readonly hairpin: boolean;
}

export interface PeeringModel {
  /** In the order of VPCs. */
  readonly sides: readonly [SideModel, SideModel];
}

export interface VpcModel {
  readonly name: string;
  readonly vni: number;
  readonly mtu: number;
  /** The gateway's own. */
  readonly addresses: readonly Address[];
}

/** Milliseconds. */
export interface TimesModel {
  readonly opening: number;
  readonly established: number;
  readonly closing: number;
  readonly unanswered: number;
  readonly udp: number;
  readonly query: number;
  readonly rest: number;
}

export interface ConfigModel {
  /** In the order of names. */
  readonly vpcs: readonly VpcModel[];
  /** In the order of names. */
  readonly peerings: readonly PeeringModel[];
  readonly times: TimesModel;
  readonly answersPerSecond: number;
  /** Whether want of ports, flows or room is answered. */
  readonly prohibited: boolean;
}

export function isIn({ first, count }: Range, address: Address): boolean {
  if (first.network !== address.network) return false;
  return address.host >= first.host && address.host < first.host + count;
}

function prefixLength({ first, count }: Range): number {
  return (first.v6 ? 128 : 32) - Math.log2(count);
}

/** More specific is larger. */
export const lengthOf = prefixLength;

function entries(ranges: readonly Range[], withPorts: boolean): object[] {
  return ranges.map((range) => ({
    cidr: `${addressText(range.first)}/${prefixLength(range)}`,
    ...(withPorts && range.ports && { ports: range.ports.join("-") }),
  }));
}

function natOf(expose: ExposeModel): object {
  const { kind, masquerade, privates, publics, protocol, idle } = expose;
  const times = idle === undefined ? {} : { idleTimeout: `${idle}ms` };
  if (kind === "static") return { static: {} };
  if (kind === "port-forward") {
    const [port, as] = [privates[0]!.ports!.join("-"), publics[0]!.ports!.join("-")];
    const proto = protocol === TCP ? "tcp" : "udp";
    return { portForward: { ...times, ports: [{ proto, port, as }] } };
  }
  const { ports, shares, open, sequential, flowsPerHost, ...rest } = masquerade!;
  const dependence = (free: boolean) =>
    free ? "endpoint-independent" : "address-and-port-dependent";
  return {
    masquerade: {
      ...times,
      ...rest,
      ports: ports.join("-"),
      mapping: dependence(!shares),
      filtering: dependence(open),
      allocation: sequential ? "sequential" : "random",
      ...(flowsPerHost !== undefined && { flowsPerHost }),
    },
  };
}

function exposeText(expose: ExposeModel): object {
  if (expose.kind === "plain") return { ips: entries(expose.privates, true) };
  const ports = expose.kind === "static";
  const [ips, as] = [entries(expose.privates, ports), entries(expose.publics, ports)];
  return { ips, as, nat: natOf(expose) };
}

/** The configuration as the gateway is given it. */
export function configText(config: ConfigModel): object {
  const { vpcs, peerings, times } = config;
  const name = (index: number) => vpcs[index]!.name;
  const side = ({ exposes, hairpin }: SideModel) => ({
    expose: exposes.map(exposeText),
    ...(hairpin && { hairpin }),
  });
  const duration = (millis: number) => `${millis}ms`;
  return {
    vpcs: Object.fromEntries(vpcs.map((vpc) => [vpc.name, { vni: vpc.vni }])),
    peerings: Object.fromEntries(
      peerings.map(({ sides: [left, right] }) => [
        `${name(left.vpc)}--${name(right.vpc)}`,
        { peering: { [name(left.vpc)]: side(left), [name(right.vpc)]: side(right) } },
      ]),
    ),
    isthmus: {
      vpcs: Object.fromEntries(
        vpcs.map((vpc) => [vpc.name, { mtu: vpc.mtu, addresses: vpc.addresses.map(addressText) }]),
      ),
      icmp: { prohibited: config.prohibited, perSecond: config.answersPerSecond },
      timers: {
        tcp: {
          opening: duration(times.opening),
          established: duration(times.established),
          closing: duration(times.closing),
        },
        udp: { unanswered: duration(times.unanswered), established: duration(times.udp) },
        icmp: { query: duration(times.query) },
        rest: duration(times.rest),
      },
    },
  };
}
