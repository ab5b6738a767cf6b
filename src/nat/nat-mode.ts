// What every NAT mode is: its words in a configuration, its rules, and what it gives the data path.

import type { ExposeMode } from "../config/expose-mode.ts";
import type { NatExpose } from "../config/model.ts";
import type { StatelessMapping } from "./mapping.ts";

/** One way of translating the traffic of an expose. A folder in src/nat/ exports exactly one. */
export interface NatMode extends ExposeMode {
  /** The mapping of a stateless mode, made when a configuration is compiled. Undefined: the mode
   * keeps flows. */
  build(expose: NatExpose): StatelessMapping | undefined;
}
