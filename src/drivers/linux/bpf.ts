// Programs and maps of the kernel: bpf(2). Instructions are written by hand, as there are few.

import type { System } from "./sys.ts";
import { EAGAIN, must } from "./system-error.ts";

const MAP_CREATE = 0;
const MAP_UPDATE = 2;
const PROG_LOAD = 5;
const LINK_CREATE = 28;

/** union bpf_attr; what is behind a command's own fields must be zero. */
const ATTRIBUTES = 128;
const LICENSE = 64;
const INSTRUCTION = 8;
const ATTEMPTS = 20;

/** `registers` are the destination, and the source times 16. */
export type Instruction = readonly [
  code: number,
  registers: number,
  offset: number,
  immediate: number,
];

/** Returns a file descriptor. `what` names it in errors. */
export function loadProgram(
  system: System,
  type: number,
  instructions: readonly Instruction[],
  what: string,
): number {
  // Attributes, license and code in one block: who holds one holds all.
  const codeAt = ATTRIBUTES + LICENSE;
  const block = new Uint8Array(codeAt + instructions.length * INSTRUCTION);
  const view = new DataView(block.buffer);
  const address = system.addressOf(block);
  view.setUint32(0, type, true);
  view.setUint32(4, instructions.length, true);
  view.setBigUint64(8, address + BigInt(codeAt), true);
  view.setBigUint64(16, address + BigInt(ATTRIBUTES), true);
  block.set(new TextEncoder().encode("Apache-2.0"), ATTRIBUTES);
  instructions.forEach(([code, registers, offset, immediate], i) => {
    const at = codeAt + i * INSTRUCTION;
    view.setUint8(at, code);
    view.setUint8(at + 1, registers);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, immediate, true);
  });
  let loaded = -EAGAIN;
  // A signal to the process stops the kernel's check of the program, which then has to begin again.
  for (let i = 0; i < ATTEMPTS && loaded === -EAGAIN; i++) {
    loaded = system.bpf(PROG_LOAD, block.subarray(0, ATTRIBUTES));
  }
  return must(loaded, what);
}

/** Runs the program at an interface until the file descriptor returned is closed. Not being able
 * to is often expected, so the error is returned. */
export function linkProgram(
  system: System,
  program: number,
  index: number,
  attach: number,
  flags: number,
): number {
  const attributes = new Uint8Array(ATTRIBUTES);
  const view = new DataView(attributes.buffer);
  [program, index, attach, flags].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return system.bpf(LINK_CREATE, attributes);
}

/** A map from numbers below `entries` to sockets, say. Returns a file descriptor. */
export function createMap(system: System, type: number, entries: number, what: string): number {
  const attributes = new Uint8Array(ATTRIBUTES);
  const view = new DataView(attributes.buffer);
  const [keyBytes, valueBytes] = [4, 4];
  [type, keyBytes, valueBytes, entries].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return must(system.bpf(MAP_CREATE, attributes), what);
}

export function putIntoMap(
  system: System,
  map: number,
  key: number,
  value: number,
  what: string,
): void {
  const block = new Uint8Array(ATTRIBUTES + 16);
  const view = new DataView(block.buffer);
  const address = system.addressOf(block);
  view.setUint32(0, map, true);
  view.setBigUint64(8, address + BigInt(ATTRIBUTES), true);
  view.setBigUint64(16, address + BigInt(ATTRIBUTES + 8), true);
  view.setUint32(ATTRIBUTES, key, true);
  view.setUint32(ATTRIBUTES + 8, value, true);
  must(system.bpf(MAP_UPDATE, block.subarray(0, ATTRIBUTES)), what);
}
