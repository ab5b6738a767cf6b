// IP prefixes as values (RFC 4632): an address block of 2^n addresses, aligned to its size.

import {
  bits,
  type Family,
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "./ip-address.ts";

/** `network` has no bit set behind the first `length` bits. */
export interface Prefix {
  readonly family: Family;
  readonly network: bigint;
  /** 0 to 32, or 0 to 128. */
  readonly length: number;
}

/** The prefix of that length that holds `address`; host bits are cleared. */
export function prefixOf(address: IpAddress, length: number): Prefix {
  const host = BigInt(bits(address.family) - length);
  return { family: address.family, network: (address.value >> host) << host, length };
}

/** Reads "10.0.0.0/24"; host bits are cleared; a missing or wrong length gives undefined. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIpAddress(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(?:0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  return length > bits(address.family) ? undefined : prefixOf(address, length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIpAddress({ family: prefix.family, value: prefix.network })}/${prefix.length}`;
}

/** Number of addresses in it: 2^(bits - length). */
export function addressCount(prefix: Prefix): bigint {
  return 1n << BigInt(bits(prefix.family) - prefix.length);
}

/** Its highest address. */
export function lastAddress(prefix: Prefix): bigint {
  return prefix.network + addressCount(prefix) - 1n;
}

/** Whether every address of `inner` lies in `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    prefixOf({ family: inner.family, value: inner.network }, outer.length).network === outer.network
  );
}

export function containsAddress(prefix: Prefix, address: IpAddress): boolean {
  return (
    prefix.family === address.family && prefixOf(address, prefix.length).network === prefix.network
  );
}

/** Two prefixes overlap exactly when one contains the other. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

/** The fewest prefixes that cover the addresses `first` to `last`, both included, in order. */
export function prefixesOfRange(family: Family, first: bigint, last: bigint): Prefix[] {
  const result: Prefix[] = [];
  let at = first;
  while (at <= last) {
    let host = 0;
    while (host < bits(family)) {
      const size = 1n << BigInt(host + 1);
      if (at % size !== 0n || at + size - 1n > last) break;
      host++;
    }
    result.push({ family, network: at, length: bits(family) - host });
    at += 1n << BigInt(host);
  }
  return result;
}
