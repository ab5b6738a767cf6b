// The networks of a measurement: a gateway's namespace, and one on each side of it. Everything that
// knows how they are made is here.
//
//   cable     near            gateway              far
//             near0 ───────── blue0  green0 ────── far0
//             10.1.0.2        10.1.0.1 10.2.0.1    10.2.0.2
//
//   vxlan     near            gateway
//             near0 ───────── blue0                            the underlay
//             172.30.8.2, .3  172.30.8.1                       VTEPs of 10.1.0.2 and of 10.2.0.2
//             VNI 101, 102    10.1.0.1, 10.2.0.1

import type { System } from "../../src/drivers/linux/sys.ts";
import { ip, Namespaces } from "../../tests/live/namespaces.ts";

/** How packets come to the gateway and leave it. */
export type Scenario = "cable" | "vxlan";

/** By interface. */
export const MACS = {
  near0: "02:00:00:00:01:02",
  blue0: "02:00:00:00:01:01",
  green0: "02:00:00:00:02:01",
  far0: "02:00:00:00:02:02",
} as const;
export const VNIS = { blue: 101, green: 102 } as const;
/** The gateway's addresses in the two VPCs, and those of a host in each. */
export const GATEWAY = { blue: "10.1.0.1", green: "10.2.0.1" } as const;
export const HOSTS = { blue: "10.1.0.2", green: "10.2.0.2" } as const;
export const VTEPS = { gateway: "172.30.8.1", blue: "172.30.8.2", green: "172.30.8.3" } as const;
/** In tunnels: the gateway, and the hosts of both VPCs. */
export const INNER_MACS = {
  gateway: "02:49:ac:1e:08:01",
  blue: "02:00:00:00:03:02",
  green: "02:00:00:00:04:02",
} as const;

/** Where what the gateway has sent arrives. */
export interface Arrival {
  readonly namespace: string;
  readonly interface: string;
}

export class Topology {
  readonly near: string;
  readonly gateway: string;
  readonly far: string;
  readonly arrival: Arrival;
  readonly #namespaces: Namespaces;

  /** With cables that are up, and no address anywhere. */
  constructor(system: System, scenario: Scenario) {
    this.#namespaces = new Namespaces(system, 3);
    const [near = "", gateway = "", far = ""] = this.#namespaces.names;
    this.near = near;
    this.gateway = gateway;
    this.far = far;
    this.arrival =
      scenario === "cable"
        ? { namespace: far, interface: "far0" }
        : { namespace: near, interface: "near0" };
    try {
      this.#cable([near, "near0"], [gateway, "blue0"]);
      this.#cable([far, "far0"], [gateway, "green0"]);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  inside<T>(namespace: string, work: () => T): T {
    return this.#namespaces.inside(namespace, work);
  }

  #cable(...ends: readonly (readonly [namespace: string, name: keyof typeof MACS])[]): void {
    const [one = "", other = ""] = ends.map(
      ([namespace, name]) => `${name} netns ${namespace} address ${MACS[name]}`,
    );
    ip(`link add ${one} type veth peer name ${other}`);
    for (const [namespace, name] of ends) {
      this.inside(namespace, () => ip(`link set ${name} up`));
    }
  }

  close(): void {
    this.#namespaces.remove();
  }
}
