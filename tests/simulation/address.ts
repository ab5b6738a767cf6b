// Addresses of the simulated world as values that can be keys of a Map: one object for each address.
// The last 32 bits are a number, whatever stands before them is text; no prefix of the world is
// shorter than that, so all arithmetic is on plain numbers.

import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";

export interface Address {
  /** The address as characters of 16 bits. */
  readonly key: string;
  readonly v6: boolean;
  /** All but the last 32 bits, likewise; "" for IPv4. */
  readonly network: string;
  /** The last 32 bits. */
  readonly host: number;
}

const known = new Map<string, Address>();

function intern(key: string): Address {
  const found = known.get(key);
  if (found !== undefined) return found;
  const end = key.length - 2;
  const host = key.charCodeAt(end) * 0x10000 + key.charCodeAt(end + 1);
  const made = { key, v6: key.length > 2, network: key.slice(0, end), host };
  known.set(key, made);
  return made;
}

/** The address that stands at `at`. */
export function addressAt(view: DataView, at: number, v6: boolean): Address {
  const word = (n: number) => view.getUint16(at + 2 * n);
  const key = v6
    ? String.fromCharCode(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7))
    : String.fromCharCode(word(0), word(1));
  return intern(key);
}

/** The address `distance` behind another, in the same network. */
export function addressBehind({ network }: Address, host: number): Address {
  return intern(network + String.fromCharCode(Math.floor(host / 0x10000), host % 0x10000));
}

export function writeAddress(view: DataView, at: number, { key }: Address): void {
  for (let i = 0; i < key.length; i++) view.setUint16(at + 2 * i, key.charCodeAt(i));
}

export function addressOf(text: string): Address {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  const words: number[] = [];
  const bits = parsed.family === 4 ? 32 : 128;
  for (let shift = bits - 16; shift >= 0; shift -= 16) {
    words.push(Number((parsed.value >> BigInt(shift)) & 0xffffn));
  }
  return intern(String.fromCharCode(...words));
}

export function addressText({ key, v6 }: Address): string {
  let value = 0n;
  for (let i = 0; i < key.length; i++) value = (value << 16n) | BigInt(key.charCodeAt(i));
  return formatIpAddress({ family: v6 ? 6 : 4, value });
}
