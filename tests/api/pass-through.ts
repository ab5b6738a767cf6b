// Packets through the gateway behind an API, with whoever captures looking on.

import assert from "node:assert/strict";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import type { Api } from "./api.ts";

export const DNS = "udp 10.0.0.1:2000 > 10.1.0.1:53";

/** As the data path does it. */
export function passThrough({ gateway, tap }: Api, iface: number, ...frames: Uint8Array[]): void {
  for (const frame of frames) assert.ok(gateway.receive(iface, frame));
  if (tap.isOpen) tap.before();
  const ran = gateway.run(0);
  if (tap.isOpen) tap.after(ran);
  gateway.clear();
}

export function packets(...texts: string[]): Uint8Array[] {
  return texts.map((text) => buildPacket(parsePacket(text)));
}
