// Executes mapping rules on values, for tests and explanations. The data path has its own way
// (functions/translate); the two check each other.

import { bits } from "../wire/ip-address.ts";
import type { MappingRule } from "./mapping.ts";

export interface Endpoint {
  readonly address: bigint;
  /** Undefined for a packet without ports. */
  readonly port?: number | undefined;
}

/** The mapped endpoint; undefined when no rule covers it. */
export function applyMapping(
  rules: readonly MappingRule[],
  endpoint: Endpoint,
): Endpoint | undefined {
  const rule = rules.find((each) => covers(each, endpoint));
  if (rule === undefined) return undefined;
  const { address, port } = endpoint;
  const { mapping } = rule;
  if (mapping.kind === "shift") {
    return { address: BigInt.asUintN(bits(rule.family), address + mapping.delta), port };
  }
  if (mapping.kind !== "reshape") return undefined;
  const { from, to, add } = mapping;
  const n =
    (address - from.address) * BigInt(from.portCount) + BigInt((port ?? 0) - from.port) + add;
  const ports = BigInt(to.portCount);
  return { address: to.address + n / ports, port: to.port + Number(n % ports) };
}

function covers({ first, last, ports }: MappingRule, { address, port }: Endpoint): boolean {
  if (address < first || address > last) return false;
  if (ports === undefined) return true;
  return port !== undefined && port >= ports.first && port <= ports.last;
}
