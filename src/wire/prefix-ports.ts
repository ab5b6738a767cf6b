// A prefix with, perhaps, a range of ports: what an expose offers. No ports means every packet,
// with ports or without.

import type { PortRange } from "./port.ts";
import type { Prefix } from "./prefix.ts";

export interface PrefixPorts {
  readonly prefix: Prefix;
  /** Never 0-65535: that is written as undefined. */
  readonly ports?: PortRange | undefined;
}
