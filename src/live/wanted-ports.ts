// Which interfaces a configuration wants, and how each is to be driven.

import type { Place } from "../config/issue.ts";
import type { Config, InterfaceOptions, Underlay } from "../config/model.ts";

export interface WantedPort {
  readonly name: string;
  readonly driver: InterfaceOptions["driver"];
  readonly promiscuous: boolean;
  /** The VPC on it; undefined for the underlay. */
  readonly vpc: string | undefined;
  readonly underlay: Underlay | undefined;
  readonly place: Place;
}

/** In the order of the document, the underlay last. */
export function wantedPorts(config: Config): readonly WantedPort[] {
  const wanted = new Map<string, WantedPort>();
  const add = (name: string, rest: Pick<WantedPort, "vpc" | "underlay" | "place">) => {
    const options = config.interfaces.find((each) => each.name === name);
    const { driver = "af-packet", promiscuous = false } = options ?? {};
    if (!wanted.has(name)) wanted.set(name, { name, driver, promiscuous, ...rest });
  };
  for (const { vpc, segment, place } of config.attachments) {
    if (segment.kind === "interface") add(segment.interface, { vpc, place, underlay: undefined });
  }
  const { underlay } = config;
  if (underlay) add(underlay.interface, { vpc: undefined, underlay, place: underlay.place });
  return [...wanted.values()];
}

/** Whether what is open for the one does for the other. */
export function sameDriver(a: WantedPort, b: WantedPort): boolean {
  const sameTunnels = a.underlay?.vtep.value === b.underlay?.vtep.value;
  return a.driver === b.driver && a.promiscuous === b.promiscuous && sameTunnels;
}
