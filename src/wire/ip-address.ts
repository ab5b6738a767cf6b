// IP addresses as values for people and tables: configuration, notation, errors. The data path does
// not use them; it reads bytes in place.
//
// The text forms are RFC 4291 (reading) and RFC 5952 (writing).

export type Family = 4 | 6;

/** An address: `value` is the number its bytes spell in network order, below 2^32 or 2^128. */
export interface IpAddress {
  readonly family: Family;
  readonly value: bigint;
}

/** Number of bits of an address of that family. */
export function bits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Reads "192.0.2.1" or "2001:db8::1" (also "::ffff:192.0.2.1"); undefined if it is neither. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.includes(":")) {
    const value = parseV6(text);
    return value === undefined ? undefined : { family: 6, value };
  }
  const value = parseV4(text);
  return value === undefined ? undefined : { family: 4, value };
}

/** The canonical text (RFC 5952): lower case, the longest run of zeros shortened. */
export function formatIpAddress(address: IpAddress): string {
  return address.family === 4 ? formatV4(address.value) : formatV6(address.value);
}

/** The address spelled by `bytes` (4 or 16 of them) from `at`, in network order. */
export function readIpAddress(bytes: Uint8Array, at: number, family: Family): IpAddress {
  let value = 0n;
  for (let i = 0; i < bits(family) / 8; i++) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return { family, value };
}

/** Writes the address into `bytes` from `at`, in network order. */
export function writeIpAddress(bytes: Uint8Array, at: number, address: IpAddress): void {
  let rest = address.value;
  for (let i = bits(address.family) / 8 - 1; i >= 0; i--) {
    bytes[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

export function sameIpAddress(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.value === b.value;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero would be octal to some readers and decimal to others: refused.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  const [head, tail, extra] = text.split("::");
  if (head === undefined || extra !== undefined) return undefined;
  const front = words(head, tail === undefined);
  const back = tail === undefined ? [] : words(tail, true);
  if (front === undefined || back === undefined) return undefined;
  const missing = 8 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...front, ...new Array<number>(missing).fill(0), ...back];
  return all.reduce((value, word) => (value << 16n) | BigInt(word), 0n);
}

/** The 16-bit words of one side of "::"; an embedded IPv4 address may stand last. */
function words(text: string, mayEndInV4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const result: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (mayEndInV4 && index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      result.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return result;
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

function formatV6(value: bigint): string {
  const all: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) all.push(Number((value >> shift) & 0xffffn));
  const run = longestZeroRun(all);
  const text = (part: number[]) => part.map((word) => word.toString(16)).join(":");
  if (run.length < 2) return text(all);
  return `${text(all.slice(0, run.start))}::${text(all.slice(run.start + run.length))}`;
}

function longestZeroRun(all: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= all.length; i++) {
    if (i < all.length && all[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}
