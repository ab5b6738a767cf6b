// Data path.
// ICMP queries are flows like those with ports: the identifier takes the place of both.

const ICMP = 1;
const ICMPV6 = 58;

/** The identifier of an ICMP query at `at`, or -1 (RFC 5508, 3). ICMP over IPv6 and ICMPv6 over
 * IPv4 are no ICMP: nobody has looked whether they are long enough. */
export function queryId(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  protocol: number,
  v6: boolean,
): number {
  if (protocol !== (v6 ? ICMPV6 : ICMP)) return -1;
  const type = bytes[at]!;
  if (v6) {
    if (type !== 128 && type !== 129) return -1;
  } else if (type !== 8 && type !== 0 && type !== 13 && type !== 14) return -1;
  return view.getUint16(at + 4);
}

/** Whether a query of that type asks: echo or timestamp request, over IPv4 or IPv6. */
export function isRequest(type: number): boolean {
  return type === 8 || type === 13 || type === 128;
}
