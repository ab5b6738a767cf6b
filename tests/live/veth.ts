// A cable between two network namespaces: the driver at "near", the probe at "far".

import type { Wire } from "../../src/drivers/contract.ts";
import type { Driver } from "../../src/drivers/driver.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { ip, Namespaces } from "./namespaces.ts";
import { Probe } from "./probe.ts";

export const NEAR_MAC = "02:00:00:00:00:01";
export const FAR_MAC = "02:00:00:00:00:02";

export class Veth {
  readonly near: string;
  readonly far: string;
  readonly #namespaces: Namespaces;

  constructor(system: System) {
    this.#namespaces = new Namespaces(system, 2);
    [this.near = "", this.far = ""] = this.#namespaces.names;
    try {
      const near = `near0 netns ${this.near} address ${NEAR_MAC}`;
      const far = `far0 netns ${this.far} address ${FAR_MAC}`;
      ip(`link add ${near} type veth peer name ${far}`);
      this.atNear(() => ip("link set near0 up"));
      this.atFar(() => ip("link set far0 up"));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  atNear<T>(work: () => T): T {
    return this.#namespaces.inside(this.near, work);
  }

  atFar<T>(work: () => T): T {
    return this.#namespaces.inside(this.far, work);
  }

  close(): void {
    this.#namespaces.remove();
  }
}

/** A wire for the contract of drivers, over a cable that stays; `open` is called at its near end. */
export function vethWire(system: System, open: () => Driver, veth: Veth): Wire {
  const driver = veth.atNear(open);
  try {
    const probe = veth.atFar(() => new Probe(system, "far0"));
    return {
      driver,
      frameMax: 1514,
      send: (frame) => probe.send(frame),
      take: () => probe.take(),
      close() {
        driver.close();
        probe.close();
      },
    };
  } catch (error) {
    driver.close();
    throw error;
  }
}
