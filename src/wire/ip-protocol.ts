// IP protocol numbers that are spoken of by name (IANA protocol-numbers).

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const DESTINATION_OPTIONS = 60;
export const NO_NEXT_HEADER = 59;
export const MOBILITY = 135;
export const HOST_IDENTITY = 139;
export const SHIM6 = 140;

/** "tcp", "udp", "icmp" (of either family), or "proto-N". */
export function protocolName(protocol: number): string {
  if (protocol === TCP) return "tcp";
  if (protocol === UDP) return "udp";
  if (protocol === ICMP || protocol === ICMPV6) return "icmp";
  return `proto-${protocol}`;
}
