// Data path.
// The walk over IPv6 extension headers (RFC 8200, 4; RFC 7045) to the transport header, shared by
// whole packets and packets quoted in ICMP errors.

import { EXTENSIONS_MAX } from "./limits.ts";
import { FIXED_ADDRESSES, LATER_FRAGMENT, MORE_FRAGMENTS } from "./packet-pool.ts";

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;
const NO_NEXT_HEADER = 59;
// Types of options.
const PAD1 = 0;
const HOME_ADDRESS = 0xc9;

// Words of a result.
export const WALK_PROTOCOL = 0;
/** Offset of the transport header. */
export const WALK_L4 = 1;
/** Bits of the flags column that the headers gave. */
export const WALK_FLAGS = 2;
export const WALK_WORDS = 3;

/**
 * Walks from the fixed header at `l3` (40 bytes of it must be there) to at most `end`; false when a
 * header is cut short or there are too many. What was found goes to `result`.
 */
export function walkExtensions(
  bytes: Uint8Array,
  l3: number,
  end: number,
  result: Int32Array,
): boolean {
  let protocol = bytes[l3 + 6]!;
  let at = l3 + 40;
  let flags = 0;
  let whole = true;
  for (let headers = 0; isExtension(protocol) && (flags & LATER_FRAGMENT) === 0; headers++) {
    if (headers === EXTENSIONS_MAX || at + 8 > end) {
      whole = false;
      break;
    }
    if (isMessage(protocol) && bytes[at] === NO_NEXT_HEADER) break;
    const length = extensionLength(bytes, at, protocol);
    const beyond = protocol === FRAGMENT && fragmentEnd(bytes, at, end) > PAYLOAD_MAX;
    if (at + length > end || beyond) {
      whole = false;
      break;
    }
    flags |= extensionFlags(bytes, at, protocol, at + length);
    protocol = bytes[at]!;
    at += length;
  }
  result[WALK_PROTOCOL] = protocol;
  result[WALK_L4] = at;
  result[WALK_FLAGS] = flags;
  return whole;
}

/** Where the fragment header is, in a packet that has one and whose headers `walkExtensions` has
 * found whole. */
export function findFragmentHeader(bytes: Uint8Array, l3: number): number {
  let protocol = bytes[l3 + 6]!;
  let at = l3 + 40;
  for (let headers = 0; protocol !== FRAGMENT && headers < EXTENSIONS_MAX; headers++) {
    const length = extensionLength(bytes, at, protocol);
    protocol = bytes[at]!;
    at += length;
  }
  return at;
}

/** Messages of Mobile IPv6 and HIP look like extension headers, but nothing follows them (RFC 6275,
 * 6.1.1; RFC 7401, 5.1). So they are the transport header; their checksum covers the addresses. */
function isMessage(protocol: number): boolean {
  return protocol === MOBILITY || protocol === HOST_IDENTITY;
}

/** No packet can be put together that is longer (RFC 8200, 4.5). */
const PAYLOAD_MAX = 65_535;

function isExtension(protocol: number): boolean {
  return (
    protocol === HOP_BY_HOP ||
    protocol === FRAGMENT ||
    protocol === DESTINATION_OPTIONS ||
    protocol === ROUTING ||
    protocol === AUTHENTICATION ||
    protocol === MOBILITY ||
    protocol === HOST_IDENTITY ||
    protocol === SHIM6
  );
}

function extensionLength(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === FRAGMENT) return 8;
  if (protocol === AUTHENTICATION) return (bytes[at + 1]! + 2) * 4;
  return (bytes[at + 1]! + 1) * 8;
}

/** Where the fragment ends in the packet that it is put together into. */
function fragmentEnd(bytes: Uint8Array, at: number, end: number): number {
  const offset = ((bytes[at + 2]! << 8) | bytes[at + 3]!) & 0xfff8;
  return offset + end - (at + 8);
}

/** Whether destination options name a home address: that, and not the source, is what checksums
 * cover (RFC 6275, 11.3.1). */
function hasHomeAddress(bytes: Uint8Array, at: number, end: number): boolean {
  let option = at + 2;
  while (option + 1 < end) {
    if (bytes[option] === HOME_ADDRESS) return true;
    option += bytes[option] === PAD1 ? 1 : 2 + bytes[option + 1]!;
  }
  return false;
}

function extensionFlags(bytes: Uint8Array, at: number, protocol: number, end: number): number {
  // Behind a message there would be a second checksum over the addresses.
  if (protocol === AUTHENTICATION || isMessage(protocol)) return FIXED_ADDRESSES;
  // With segments left the destination is not the final one, which the checksum covers.
  if (protocol === ROUTING) return bytes[at + 3] !== 0 ? FIXED_ADDRESSES : 0;
  if (protocol === DESTINATION_OPTIONS) return hasHomeAddress(bytes, at, end) ? FIXED_ADDRESSES : 0;
  if (protocol !== FRAGMENT) return 0;
  const field = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (field >>> 3 !== 0) return LATER_FRAGMENT;
  return (field & 1) !== 0 ? MORE_FRAGMENTS : 0;
}
