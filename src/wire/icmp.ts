// ICMP (RFC 792) and ICMPv6 (RFC 4443): names of types and codes, which are errors, which carry an
// identifier.

import type { Family } from "./ip-address.ts";

export interface IcmpKind {
  readonly type: number;
  readonly code: number;
}

const V4: Readonly<Record<string, IcmpKind>> = {
  "echo-reply": { type: 0, code: 0 },
  "net-unreachable": { type: 3, code: 0 },
  "host-unreachable": { type: 3, code: 1 },
  "protocol-unreachable": { type: 3, code: 2 },
  "port-unreachable": { type: 3, code: 3 },
  "frag-needed": { type: 3, code: 4 },
  "admin-prohibited": { type: 3, code: 13 },
  redirect: { type: 5, code: 1 },
  "echo-request": { type: 8, code: 0 },
  "time-exceeded": { type: 11, code: 0 },
  "reassembly-time-exceeded": { type: 11, code: 1 },
  "parameter-problem": { type: 12, code: 0 },
  "timestamp-request": { type: 13, code: 0 },
  "timestamp-reply": { type: 14, code: 0 },
};

const V6: Readonly<Record<string, IcmpKind>> = {
  "net-unreachable": { type: 1, code: 0 },
  "admin-prohibited": { type: 1, code: 1 },
  "host-unreachable": { type: 1, code: 3 },
  "port-unreachable": { type: 1, code: 4 },
  "packet-too-big": { type: 2, code: 0 },
  "time-exceeded": { type: 3, code: 0 },
  "reassembly-time-exceeded": { type: 3, code: 1 },
  "parameter-problem": { type: 4, code: 0 },
  "protocol-unreachable": { type: 4, code: 1 },
  "echo-request": { type: 128, code: 0 },
  "echo-reply": { type: 129, code: 0 },
  redirect: { type: 137, code: 0 },
};

/** Every name of either family. */
export const ICMP_NAMES: ReadonlySet<string> = new Set([...Object.keys(V4), ...Object.keys(V6)]);

/** Undefined when the family has no message of that name. */
export function icmpKind(family: Family, name: string): IcmpKind | undefined {
  return (family === 4 ? V4 : V6)[name];
}

export function icmpName(family: Family, kind: IcmpKind): string | undefined {
  const table = family === 4 ? V4 : V6;
  return Object.keys(table).find(
    (name) => table[name]?.type === kind.type && table[name]?.code === kind.code,
  );
}

/** Whether messages of that type quote the packet they are about. */
export function isIcmpError(family: Family, type: number): boolean {
  if (family === 6) return type >= 1 && type <= 4;
  return type === 3 || type === 5 || type === 11 || type === 12;
}

/** Whether messages of that type have an identifier and a sequence number (echo, timestamp). */
export function isIcmpQuery(family: Family, type: number): boolean {
  if (family === 6) return type === 128 || type === 129;
  return type === 0 || type === 8 || type === 13 || type === 14;
}

/** Whether the message carries an MTU: frag-needed (RFC 1191) or packet-too-big. */
export function hasMtu(family: Family, kind: IcmpKind): boolean {
  return family === 4 ? kind.type === 3 && kind.code === 4 : kind.type === 2;
}
