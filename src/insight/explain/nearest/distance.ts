// How far an address is from a prefix, and a port from a range, in words.

import type { IpAddress } from "../../../wire/ip-address.ts";
import { formatIpAddress } from "../../../wire/ip-address.ts";
import { formatPorts, type PortRange } from "../../../wire/port.ts";
import { formatPrefix, lastAddress, type Prefix } from "../../../wire/prefix.ts";

/** From here on a distance says nothing, in addresses. */
const FAR = 65_536n;

/** In addresses; 0 inside, undefined between families. */
export function addressDistance(address: IpAddress, prefix: Prefix): bigint | undefined {
  if (address.family !== prefix.family) return undefined;
  if (address.value < prefix.network) return prefix.network - address.value;
  const last = lastAddress(prefix);
  return address.value > last ? address.value - last : 0n;
}

/** In ports; 0 inside. */
export function portDistance(port: number, ports: PortRange | undefined): number {
  if (ports === undefined) return 0;
  return Math.max(ports.first - port, port - ports.last, 0);
}

/** "198.51.100.0/24 ends 3 addresses before 198.51.101.2". */
export function sayAddress(address: IpAddress, prefix: Prefix): string {
  const distance = addressDistance(address, prefix) ?? 0n;
  if (distance > FAR) return `${formatPrefix(prefix)} is the nearest there is`;
  const many = `${distance} ${distance === 1n ? "address" : "addresses"}`;
  const text = formatIpAddress(address);
  if (distance === 0n) return `${formatPrefix(prefix)} has ${text}`;
  return address.value < prefix.network
    ? `${formatPrefix(prefix)} begins ${many} after ${text}`
    : `${formatPrefix(prefix)} ends ${many} before ${text}`;
}

/** "ports 80-99 are 1 off", for a port beside them. */
export function sayPort(port: number, ports: PortRange): string {
  const distance = portDistance(port, ports);
  const [what, verb] = ports.first === ports.last ? ["port", "is"] : ["ports", "are"];
  return `${what} ${formatPorts(ports)} ${verb} ${distance} off ${port}`;
}
