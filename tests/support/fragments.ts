// Datagrams cut into fragments and put together again, the obvious way: bytes are copied, nothing is
// shared with the gateway.

import assert from "node:assert/strict";

const FRAGMENT_HEADER = 44;

/** Where the part begins that is cut, and where the header before it says what follows. */
interface Seam {
  readonly at: number;
  readonly nextHeader: number;
}

function seamOf(packet: Uint8Array): Seam {
  if (packet[0]! >>> 4 === 4) return { at: (packet[0]! & 15) * 4, nextHeader: 9 };
  // Hop-by-hop options and routing headers stay in front (RFC 8200, 4.5).
  let seam: Seam = { at: 40, nextHeader: 6 };
  while (packet[seam.nextHeader] === 0 || packet[seam.nextHeader] === 43) {
    seam = { at: seam.at + 8 * (packet[seam.at + 1]! + 1), nextHeader: seam.at };
  }
  return seam;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sealIpv4(packet: Uint8Array): Uint8Array {
  const view = viewOf(packet);
  view.setUint16(2, packet.length);
  view.setUint16(10, 0);
  let sum = 0;
  for (let i = 0; i < (packet[0]! & 15) * 4; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
  return packet;
}

/** Fragments of a whole packet, cut at the places named: bytes of what is cut, multiples of eight. */
export function cut(packet: Uint8Array, places: readonly number[], id: number): Uint8Array[] {
  const { at, nextHeader } = seamOf(packet);
  const body = packet.subarray(at);
  const bounds = [0, ...places.filter((place) => place > 0 && place < body.length), body.length];
  return bounds.slice(1).map((end, index) => {
    const begin = bounds[index]!;
    const more = end < body.length;
    const part = body.subarray(begin, end);
    if (nextHeader === 9) {
      const made = Uint8Array.of(...packet.subarray(0, at), ...part);
      viewOf(made).setUint16(4, id);
      viewOf(made).setUint16(6, (begin >> 3) | (more ? 0x2000 : 0));
      return sealIpv4(made);
    }
    const made = Uint8Array.of(...packet.subarray(0, at), ...new Uint8Array(8), ...part);
    made[at] = made[nextHeader]!;
    made[nextHeader] = FRAGMENT_HEADER;
    viewOf(made).setUint16(at + 2, begin | (more ? 1 : 0));
    viewOf(made).setUint32(at + 4, id);
    viewOf(made).setUint16(4, made.length - 40);
    return made;
  });
}

/** A host that puts together what it gets. */
export class Reassembler {
  readonly #parts = new Map<string, { begin: number; last: boolean; fragment: Uint8Array }[]>();

  /** The whole packet, when this fragment was the last that was missing. */
  take(fragment: Uint8Array): Uint8Array | undefined {
    const { key, begin, last } = this.#read(fragment);
    const parts = this.#parts.get(key) ?? [];
    this.#parts.set(key, parts);
    parts.push({ begin, last, fragment: fragment.slice() });
    parts.sort((a, b) => a.begin - b.begin);
    let end = 0;
    for (const part of parts) {
      assert.ok(part.begin >= end, `two datagrams under one identification: ${key}`);
      if (part.begin > end) return undefined;
      end += this.#body(part.fragment).length;
    }
    if (parts.at(-1)?.last !== true) return undefined;
    this.#parts.delete(key);
    return this.#join(parts.map((part) => part.fragment));
  }

  /** Datagrams of which something is missing. */
  get incomplete(): number {
    return this.#parts.size;
  }

  #read(fragment: Uint8Array): { key: string; begin: number; last: boolean } {
    const view = viewOf(fragment);
    const { at } = seamOf(fragment);
    if (fragment[0]! >>> 4 === 4) {
      const field = view.getUint16(6);
      const key = [...fragment.subarray(12, 20), fragment[9], view.getUint16(4)].join();
      return { key, begin: (field & 0x1fff) * 8, last: (field & 0x2000) === 0 };
    }
    const field = view.getUint16(at + 2);
    const key = [...fragment.subarray(8, 40), view.getUint32(at + 4)].join();
    return { key, begin: field & 0xfff8, last: (field & 1) === 0 };
  }

  #body(fragment: Uint8Array): Uint8Array {
    return fragment.subarray(seamOf(fragment).at + (fragment[0]! >>> 4 === 4 ? 0 : 8));
  }

  #join(fragments: readonly Uint8Array[]): Uint8Array {
    const [first] = fragments;
    assert.ok(first);
    const { at, nextHeader } = seamOf(first);
    const bodies = fragments.flatMap((fragment) => [...this.#body(fragment)]);
    const whole = Uint8Array.of(...first.subarray(0, at), ...bodies);
    if (nextHeader === 9) {
      viewOf(whole).setUint16(6, 0);
      return sealIpv4(whole);
    }
    whole[nextHeader] = first[at]!;
    viewOf(whole).setUint16(4, whole.length - 40);
    return whole;
  }
}
