// What the gateway follows of the kernel's network: its interfaces, and the way to other VTEPs.

import type { Config, Underlay } from "../config/model.ts";
import { Links as KernelLinks, type LinkEvent } from "../drivers/linux/links.ts";
import type { Link } from "../drivers/linux/network-facts.ts";
import { type OuterHop, OuterHops } from "../drivers/linux/outer-hops.ts";
import { Rtnetlink } from "../drivers/linux/rtnetlink.ts";
import type { System } from "../drivers/linux/sys.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip-address.ts";
import { formatMac } from "../wire/mac.ts";
import type { WantedPort } from "./wanted-ports.ts";

/** Outer IPv4, UDP, VXLAN and inner Ethernet (RFC 7348). */
const TUNNEL_BYTES = 50;

/** Whatever an interface says: a longest header and 8 bytes must fit (RFC 791, 3.2). */
const MTU_MIN = 68;

export interface HopChange {
  readonly vtep: IpAddress;
  readonly hop: OuterHop | undefined;
  /** For the operator. */
  readonly message: string;
}

export class KernelNetwork {
  readonly fds: readonly number[];
  readonly #netlinks: Rtnetlink[] = [];
  readonly #links: KernelLinks;
  readonly #hops: OuterHops | undefined;
  readonly #underlay: Underlay | undefined;
  readonly #ports: readonly WantedPort[];
  #wantedVteps: ReadonlySet<number> = new Set();

  /** `before` is the one whose place it takes. Throws a SystemError. */
  constructor(
    system: System,
    ports: readonly WantedPort[],
    underlay: Underlay | undefined,
    before: KernelNetwork | undefined,
  ) {
    this.#ports = ports;
    this.#underlay = underlay;
    const names = ports.map(({ name }) => name);
    try {
      this.#links = new KernelLinks(this.#netlink(system), names);
      const teller = underlay && this.#netlink(system);
      const known = before === undefined ? undefined : before.#hops;
      this.#hops = teller && new OuterHops(teller, underlay.interface, known);
    } catch (error) {
      this.close();
      throw error;
    }
    this.fds = this.#netlinks.map(({ fd }) => fd);
  }

  link(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** Throws a SystemError when the kernel does not tell. */
  linkEvents(): readonly LinkEvent[] {
    return this.#links.poll();
  }

  /** `wanted` as 32-bit numbers; another set when they are others. Throws a SystemError when the
   * kernel does not tell. */
  hopChanges(wanted: ReadonlySet<number>, now: number): readonly HopChange[] {
    const hops = this.#hops;
    if (hops === undefined) return [];
    if (wanted !== this.#wantedVteps) {
      this.#wantedVteps = wanted;
      hops.want(Array.from(wanted, (value) => ({ family: 4, value: BigInt(value >>> 0) })));
    }
    return hops.poll(now).map((vtep) => {
      const hop = hops.hop(vtep);
      const name = formatIpAddress(vtep);
      const message = hop
        ? `VTEP ${name} is behind ${formatMac(hop.destinationMac)}`
        : `VTEP ${name} cannot be reached: ${hops.why(vtep)}`;
      return { vtep, hop, message };
    });
  }

  /** What a VPC takes is no more than its interfaces do. */
  withMtus(config: Config): Config {
    const underlay = this.#underlay && this.link(this.#underlay.interface)?.mtu;
    const vpcs = config.vpcs.map((vpc) => {
      const own = this.#ports.filter((port) => port.vpc === vpc.name);
      const mtus = own.flatMap(({ name }) => this.link(name)?.mtu ?? []);
      const tunnelled =
        vpc.remote !== undefined ||
        config.attachments.some(
          ({ vpc: of, segment }) => of === vpc.name && segment.kind === "vxlan",
        ) ||
        config.routes.some(({ vpc: of, hop }) => of === vpc.name && hop.kind === "tunnel");
      if (tunnelled && underlay) mtus.push(underlay - TUNNEL_BYTES);
      return { ...vpc, mtu: Math.max(MTU_MIN, Math.min(vpc.mtu, ...mtus)) };
    });
    return { ...config, vpcs } as Config;
  }

  /** What is odd about the interfaces, in sentences. */
  notices(): string[] {
    const down = this.#ports
      .filter(({ name }) => this.link(name)?.up === false)
      .map(({ name }) => `${name} is switched off: ip link set ${name} up`);
    const vtep = this.#underlay && this.#hops?.whyNotOwn(this.#underlay.vtep);
    return vtep === undefined ? down : [...down, vtep];
  }

  close(): void {
    for (const netlink of this.#netlinks) netlink.close();
  }

  #netlink(system: System): Rtnetlink {
    const netlink = new Rtnetlink(system);
    this.#netlinks.push(netlink);
    return netlink;
  }
}
