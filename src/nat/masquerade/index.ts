import { lastAddress } from "../../wire/prefix.ts";
import type { PrefixPorts } from "../../wire/prefix-ports.ts";
import type { Mapping, MappingRule } from "../mapping.ts";
import type { NatMode } from "../nat-mode.ts";
import { type MasqueradeOptions, masqueradeOptions } from "./options.ts";
import { MasqueradePool } from "./pool.ts";
import { REFERENCE_TIMERS } from "./reference-timers.ts";

function rule({ prefix }: PrefixPorts, mapping: Mapping): MappingRule {
  return { family: prefix.family, first: prefix.network, last: lastAddress(prefix), mapping };
}

export const masquerade: NatMode = {
  ...masqueradeOptions,
  referenceTimers: REFERENCE_TIMERS,
  build(expose, context) {
    const options = expose.options as MasqueradeOptions;
    const binder = new MasqueradePool(expose, options, context);
    const open = options.filtering === "endpoint-independent";
    const inward: Mapping = open ? { kind: "receive", binder } : { kind: "answers-only" };
    return {
      toPublic: expose.privates.map((entry) => rule(entry, { kind: "bind", binder })),
      toPrivate: expose.publics.map((entry) => rule(entry, inward)),
      idle: options.idleTimeoutMillis ?? "default",
      pool: binder,
    };
  },
};
