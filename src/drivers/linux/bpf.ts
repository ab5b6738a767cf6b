// Programs for the kernel: bpf(2). Instructions are written by hand, as there are few of them.

import type { System } from "./sys.ts";
import { must } from "./system-error.ts";

const PROG_LOAD = 5;
const LINK_CREATE = 28;

const ATTRIBUTES = 128;
const INSTRUCTION = 8;

/** Code, registers (destination, and source times 16), immediate; no offset is ever used. */
export type Instruction = readonly [code: number, registers: number, immediate: number];

/** Returns a file descriptor. `what` names it in errors. */
export function loadProgram(
  system: System,
  type: number,
  instructions: readonly Instruction[],
  what: string,
): number {
  const code = new Uint8Array(Math.max(ATTRIBUTES, instructions.length * INSTRUCTION));
  const codeView = new DataView(code.buffer);
  instructions.forEach(([operation, registers, immediate], i) => {
    codeView.setUint8(i * INSTRUCTION, operation);
    codeView.setUint8(i * INSTRUCTION + 1, registers);
    codeView.setInt32(i * INSTRUCTION + 4, immediate, true);
  });
  const license = new Uint8Array(ATTRIBUTES);
  license.set(new TextEncoder().encode("Apache-2.0"));
  const [attributes, view] = newAttributes();
  view.setUint32(0, type, true);
  view.setUint32(4, instructions.length, true);
  view.setBigUint64(8, BigInt(system.addressOf(code)), true);
  view.setBigUint64(16, BigInt(system.addressOf(license)), true);
  const fd = must(system.bpf(PROG_LOAD, attributes), what);
  // The kernel has its own copies by now; until here they had to stay.
  return code.length > 0 && license.length > 0 ? fd : -1;
}

/** Runs the program at that interface until the file descriptor returned is closed. */
export function linkProgram(
  system: System,
  program: number,
  index: number,
  attach: number,
  flags: number,
): number {
  const [attributes, view] = newAttributes();
  [program, index, attach, flags].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return system.bpf(LINK_CREATE, attributes);
}

function newAttributes(): [Uint8Array, DataView] {
  const bytes = new Uint8Array(ATTRIBUTES);
  return [bytes, new DataView(bytes.buffer)];
}
