// Data path.
// The headers of a tunnel that a packet came in, made right for an inner frame of another length.

import { wordSum } from "./checksum-update.ts";
import { locateIp } from "./locate-ip.ts";

/** UDP and VXLAN headers. */
const TUNNEL_BYTES = 16;

/**
 * Where the IP header is of the tunnel packet that starts at `at`, `raw` when that is where it is,
 * and whose inner frame starts at `inner`.
 */
export function tunnelIp(view: DataView, at: number, inner: number, raw: boolean): number {
  return raw ? at : locateIp(view, at, inner);
}

/** Writes lengths, and the checksum of IPv4, for an inner frame of `innerLength` bytes. The UDP
 * checksum stays as it is. */
export function setTunnelLengths(
  view: DataView,
  ip: number,
  inner: number,
  innerLength: number,
): void {
  const udp = inner - TUNNEL_BYTES;
  const udpLength = innerLength + TUNNEL_BYTES;
  view.setUint16(udp + 4, udpLength);
  if (view.getUint8(ip) >>> 4 === 6) {
    view.setUint16(ip + 4, udp - ip - 40 + udpLength);
    return;
  }
  view.setUint16(ip + 2, udp - ip + udpLength);
  view.setUint16(ip + 10, 0);
  view.setUint16(ip + 10, ~wordSum(view, ip, udp) & 0xffff);
}
