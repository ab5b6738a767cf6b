// Addresses of the simulated world as values that can be keys of a Map: one object for each address.
// The last 32 bits are a number, whatever stands before them is text; no prefix of the world is
// shorter than that, so all arithmetic is on plain numbers.

import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";

export interface Address {
  /** Counts addresses from 0: a character that stands for it in the keys of others. */
  readonly number: number;
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
  const v6 = key.length > 2;
  const made = { number: known.size, key, v6, network: key.slice(0, end), host };
  if (made.number > 0xffff) throw new Error("more addresses than a world should have");
  known.set(key, made);
  return made;
}

/** Addresses met lately, so that most need not be spelled. */
const lately: (Address | undefined)[] = new Array(4096).fill(undefined);

/** The address that stands at `at`. */
export function addressAt(bytes: Uint8Array, at: number, v6: boolean): Address {
  const size = v6 ? 16 : 4;
  let mixed = 0;
  for (let i = 0; i < size; i++) mixed = (Math.imul(mixed, 31) + bytes[at + i]!) | 0;
  const place = mixed & 4095;
  const guess = lately[place];
  if (guess !== undefined && guess.v6 === v6 && isSpelled(guess.key, bytes, at)) return guess;
  let key = "";
  for (let i = 0; i < size; i += 2) {
    key += String.fromCharCode((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  }
  const found = intern(key);
  lately[place] = found;
  return found;
}

function isSpelled(key: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < key.length; i++) {
    const word = (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!;
    if (key.charCodeAt(i) !== word) return false;
  }
  return true;
}

const networks = new Map<string, Map<number, Address>>();

/** Address number `host` of the same network. */
export function addressBehind({ network }: Address, host: number): Address {
  let hosts = networks.get(network);
  if (hosts === undefined) {
    hosts = new Map();
    networks.set(network, hosts);
  }
  const found = hosts.get(host);
  if (found !== undefined) return found;
  const words = String.fromCharCode(Math.floor(host / 0x10000), host % 0x10000);
  const made = intern(network + words);
  hosts.set(host, made);
  return made;
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
