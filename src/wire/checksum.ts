// The Internet checksum (RFC 1071) computed in full: for making packets and for judging them. The
// data path never does this; it updates (packet/checksum-update.ts), so that the two check each
// other.

/** One's-complement sum of `bytes` as 16-bit words, not folded; an odd last byte is a high half. */
export function sumBytes(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  return sum;
}

/** Folds a sum below 2^48 to 16 bits. */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The checksum that makes a header or message with this sum come out right. */
export function checksumOf(sum: number): number {
  return ~foldSum(sum) & 0xffff;
}

/** Sum of the pseudo-header (RFC 793, 3.1; RFC 8200, 8.1); `addresses` are both, one behind the
 * other, as they stand in the IP header. */
export function pseudoHeaderSum(addresses: Uint8Array, protocol: number, length: number): number {
  return sumBytes(addresses) + protocol + (length % 0x10000) + Math.floor(length / 0x10000);
}
