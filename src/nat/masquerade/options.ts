// Masquerade: many private sources behind few public addresses.

import { z } from "zod";
import type { ExposeMode } from "../../config/expose-mode.ts";
import { idleTimeoutShape, parseIdleTimeout } from "../idle-timeout.ts";

export interface MasqueradeOptions {
  /** Undefined: the default of the protocol. */
  readonly idleTimeoutMillis: number | undefined;
}

const shape = z
  .strictObject({ idleTimeout: idleTimeoutShape })
  .describe("many private sources behind few public addresses; only they may open flows");

export const masqueradeOptions: ExposeMode = {
  name: "masquerade",
  key: "masquerade",
  canInitiate: true,
  canReceive: false,
  shape,
  parse(raw, report) {
    const { idleTimeout } = raw as z.infer<typeof shape>;
    const idleTimeoutMillis = parseIdleTimeout(idleTimeout, report.at("idleTimeout"));
    return [{ options: { idleTimeoutMillis } satisfies MasqueradeOptions }];
  },
  check({ privates, publics }, _parts, report) {
    if (![...privates, ...publics].some(({ ports }) => ports !== undefined)) return;
    const hint = "Remove ports; the gateway chooses them.";
    report.say("masquerade/ports", "Masquerade takes no ports.", hint);
  },
};
