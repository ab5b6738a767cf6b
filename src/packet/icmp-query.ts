// Data path.
// ICMP queries are flows like those with ports: the identifier takes the place of both.

const ICMP = 1;
const ICMPV6 = 58;

/** The identifier of an ICMP query at `at`, or -1 (RFC 5508, 3). */
export function queryId(bytes: Uint8Array, view: DataView, at: number, protocol: number): number {
  const type = bytes[at]!;
  if (protocol === ICMP) {
    if (type !== 8 && type !== 0 && type !== 13 && type !== 14) return -1;
  } else if (protocol !== ICMPV6 || (type !== 128 && type !== 129)) return -1;
  return view.getUint16(at + 4);
}

/** Whether a query of that type asks: echo or timestamp request, over IPv4 or IPv6. */
export function isRequest(type: number): boolean {
  return type === 8 || type === 13 || type === 128;
}
