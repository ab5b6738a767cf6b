// Data path.
// Mappings that change address and port together. The element number of (address, port) is
//
//   n = (address - from.address) * from.portCount + (port - from.port) + add
//
// and becomes (to.address + n div to.portCount, to.port + n mod to.portCount). It can need 145
// bits, so it is computed in limbs of 16 bits, lowest first; IPv4 uses the same code.

/** Limbs of an address, and of an element number with room for the port bits. */
const ADDRESS_LIMBS = 8;
const LIMBS = 10;

// Words of an entry.
const FROM_ADDRESS = 0;
const FROM_PORT = 8;
const FROM_COUNT = 9;
const ADD = 10;
const TO_ADDRESS = 20;
const TO_PORT = 28;
const TO_COUNT = 29;
const WORDS = 32;

/** Words of a result: eight limbs of the address, lowest first, then the port. */
export const RESULT_WORDS = 9;
export const RESULT_PORT = 8;

interface Block {
  readonly address: bigint;
  readonly port: number;
  readonly portCount: number;
}

export interface ReshapeInit {
  readonly from: Block;
  readonly to: Block;
  readonly add: bigint;
}

/** Makes the table of one configuration; entries are known by their position. */
export function buildReshapeTable(entries: readonly ReshapeInit[]): Int32Array {
  const table = new Int32Array(entries.length * WORDS);
  entries.forEach((entry, index) => {
    const at = index * WORDS;
    writeLimbs(table, at + FROM_ADDRESS, entry.from.address, ADDRESS_LIMBS);
    table[at + FROM_PORT] = entry.from.port;
    table[at + FROM_COUNT] = entry.from.portCount;
    writeLimbs(table, at + ADD, entry.add, LIMBS);
    writeLimbs(table, at + TO_ADDRESS, entry.to.address, ADDRESS_LIMBS);
    table[at + TO_PORT] = entry.to.port;
    table[at + TO_COUNT] = entry.to.portCount;
  });
  return table;
}

/** A negative value is written as its complement: sums of limbs then come out right. */
function writeLimbs(table: Int32Array, at: number, value: bigint, count: number): void {
  for (let i = 0; i < count; i++) table[at + i] = Number((value >> BigInt(16 * i)) & 0xffffn);
}

/**
 * Maps the address of `addressBytes` (4 or 16) bytes at `bytes[at]` with `port`, which the entry
 * must cover, into `result` (RESULT_WORDS words).
 */
export function applyReshape(
  table: Int32Array,
  entry: number,
  bytes: Uint8Array,
  at: number,
  addressBytes: number,
  port: number,
  result: Int32Array,
): void {
  const base = entry * WORDS;
  const limbs = addressBytes >> 1;
  const fromCount = table[base + FROM_COUNT]!;
  const toCount = table[base + TO_COUNT]!;
  // element = (address - from.address) * fromCount + (port - from.port) + add
  let borrow = 0;
  let carry = port - table[base + FROM_PORT]!;
  for (let i = 0; i < LIMBS; i++) {
    let digit = 0;
    if (i < limbs) {
      const high = at + addressBytes - 2 - 2 * i;
      digit = ((bytes[high]! << 8) | bytes[high + 1]!) - table[base + FROM_ADDRESS + i]! - borrow;
      borrow = digit < 0 ? 1 : 0;
      digit += borrow << 16;
    }
    // At most 65535 * 65536 + carries: above 2^31, so the sum is split before it is kept.
    const sum = digit * fromCount + carry + table[base + ADD + i]!;
    scratch[i] = sum & 0xffff;
    carry = Math.floor(sum / 65536);
  }
  // Long division by toCount, highest limb first; the quotient is the address, the rest the port.
  let rest = 0;
  for (let i = LIMBS - 1; i >= 0; i--) {
    const dividend = rest * 65536 + scratch[i]!;
    const quotient = Math.floor(dividend / toCount);
    rest = dividend - quotient * toCount;
    scratch[i] = quotient;
  }
  let up = 0;
  for (let i = 0; i < ADDRESS_LIMBS; i++) {
    const sum = scratch[i]! + table[base + TO_ADDRESS + i]! + up;
    result[i] = sum & 0xffff;
    up = sum >>> 16;
  }
  result[RESULT_PORT] = table[base + TO_PORT]! + rest;
}

const scratch = new Int32Array(LIMBS);
