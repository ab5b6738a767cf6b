// Transport ports as values.

/** Ports `first` to `last`, both included, 0 to 65535. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const PORT_COUNT = 65536;

export const ALL_PORTS: PortRange = { first: 0, last: PORT_COUNT - 1 };

export function portsOverlap(a: PortRange | undefined, b: PortRange | undefined): boolean {
  return a === undefined || b === undefined || (a.first <= b.last && b.first <= a.last);
}

export function formatPorts(ports: PortRange): string {
  return ports.first === ports.last ? `${ports.first}` : `${ports.first}-${ports.last}`;
}
