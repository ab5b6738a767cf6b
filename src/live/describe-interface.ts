// An interface for people: what the configuration wants of it, and what the kernel says.

import type { DriverCounters } from "../drivers/driver.ts";
import type { Link } from "../drivers/linux/network-facts.ts";
import { formatMac } from "../wire/mac.ts";
import type { InterfaceView } from "./data-path.ts";
import type { WantedPort } from "./wanted-ports.ts";

const NOTHING: DriverCounters = {
  received: 0,
  receiveDrops: 0,
  receiveTooLong: 0,
  receiveErrors: 0,
  transmitted: 0,
  transmitDrops: 0,
  transmitTooLong: 0,
};

/** `counters` are undefined for one that was never open. */
export function describeInterface(
  { name, vpc, driver }: Pick<WantedPort, "name" | "vpc" | "driver">,
  link: Link | undefined,
  counters: DriverCounters = NOTHING,
  isOpen: boolean,
): InterfaceView {
  const state = !isOpen ? "closed" : link?.running ? "up" : "down";
  const mac = link && link.mac.length === 6 ? formatMac(link.mac) : null;
  return {
    name,
    vpc: vpc ?? null,
    driver,
    state,
    mac,
    mtuBytes: link?.mtu ?? null,
    counters,
  };
}
