// What configuration must know of a NAT mode. The modes themselves are in nat/; nothing here or in
// this folder names one.

import type { ZodType } from "zod";
import type { PortRange } from "../wire/port.ts";
import type { NatExpose } from "./model.ts";
import type { Reporter } from "./report.ts";

export interface ExposeMode {
  /** As it appears in issues, outcomes and documentation. */
  readonly name: string;
  /** The key under `nat:`. */
  readonly key: string;
  /** Whether hosts of the expose may open a flow. */
  readonly canInitiate: boolean;
  /** Whether the peer may open a flow to it. */
  readonly canReceive: boolean;
  /** The shape of what stands under the key. */
  readonly shape: ZodType;
  /** Reads the options. Their shape holds where `report` is not tainted. One variant makes one
   * expose; an empty list means that what is wrong has been reported. */
  parse(options: unknown, report: Reporter): readonly Variant[];
  /** Rules of the mode that need the whole expose. */
  check(expose: NatExpose, parts: ExposeParts, report: Reporter): void;
}

export interface Variant {
  /** What NatExpose.options becomes. */
  readonly options: unknown;
  readonly protocol?: number | undefined;
  /** Ports put on every prefix of the two sides. */
  readonly privatePorts?: readonly PortRange[] | undefined;
  readonly publicPorts?: readonly PortRange[] | undefined;
}

/** What normalisation hides. */
export interface ExposeParts {
  readonly hasExclusions: boolean;
}
