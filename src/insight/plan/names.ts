// How things of a configuration are called in a plan.

import type { AclRule, Expose, Manifest } from "../../config/model.ts";
import { protocolName } from "../../wire/ip-protocol.ts";
import { formatPrefixPorts, type PrefixPorts } from "../../wire/prefix-ports.ts";
import type { Named } from "./report.ts";

export function exposeName({ index, place }: Expose, { vpc }: Manifest): Named {
  return { label: `expose ${index} of ${vpc}`, place };
}

export function aclRuleName({ name, action, from, to, place }: AclRule): Named {
  const said = name === "" ? `(${action}, ${from} to ${to})` : `"${name}"`;
  return { label: `rule ${said}`, place };
}

/** "10.0.0.0/24 as 192.0.2.0/24 (static)" */
export function exposeText(expose: Expose): string {
  if (expose.kind === "default") return "whatever nobody else does (default)";
  if (expose.kind === "plain") return `${list(expose.privates)} as it is`;
  const { privates, publics, mode, protocol } = expose;
  const what = protocol === undefined ? mode : `${mode}, ${protocolName(protocol)}`;
  return `${list(privates)} as ${list(publics)} (${what})`;
}

/** Prefixes of a list that are named. */
const NAMED = 4;

function list(entries: readonly PrefixPorts[]): string {
  const named = entries.slice(0, NAMED).map(formatPrefixPorts).join(", ");
  const more = entries.length - NAMED;
  return more > 0 ? `${named} and ${more} more` : named;
}
