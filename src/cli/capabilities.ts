// What the kernel must let a process do that drives interfaces; capabilities(7).

const WANTED = [
  { bit: 12n, name: "CAP_NET_ADMIN" },
  { bit: 13n, name: "CAP_NET_RAW" },
];

/** The names of those that are missing; `status` is the text of /proc/self/status. */
export function missingCapabilities(status: string): string[] {
  const [, hex] = /^CapEff:\s*([\da-f]+)$/m.exec(status) ?? [];
  // Where the kernel does not say, opening the interfaces will.
  if (hex === undefined) return [];
  const effective = BigInt(`0x${hex}`);
  return WANTED.filter(({ bit }) => ((effective >> bit) & 1n) === 0n).map(({ name }) => name);
}
