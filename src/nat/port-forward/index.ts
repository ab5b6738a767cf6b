import { assert } from "../../base/assert.ts";
import { lastAddress } from "../../wire/prefix.ts";
import type { PrefixPorts } from "../../wire/prefix-ports.ts";
import { portCount } from "../../wire/prefix-ports.ts";
import type { Block } from "../mapping.ts";
import type { NatMode } from "../nat-mode.ts";
import { type PortForwardOptions, portForwardOptions } from "./options.ts";
import { REFERENCE_TIMERS } from "./reference-timers.ts";

function blockOf({ prefix, ports }: PrefixPorts): Block {
  return { address: prefix.network, port: ports?.first ?? 0, portCount: portCount(ports) };
}

/** Address and port move each by their own distance, which is what a reshape between blocks of
 * equal port counts does. */
export const portForward: NatMode = {
  ...portForwardOptions,
  referenceTimers: REFERENCE_TIMERS,
  build({ privates: [inside], publics: [outside], options }) {
    assert(inside !== undefined && outside !== undefined, "a checked expose has one prefix a side");
    const { idleTimeoutMillis } = options as PortForwardOptions;
    const { prefix, ports } = outside;
    const mapping = {
      kind: "reshape",
      from: blockOf(outside),
      to: blockOf(inside),
      add: 0n,
    } as const;
    const rule = { family: prefix.family, first: prefix.network, last: lastAddress(prefix), ports };
    return {
      toPublic: [],
      toPrivate: [{ ...rule, mapping }],
      idle: idleTimeoutMillis ?? "default",
    };
  },
};
