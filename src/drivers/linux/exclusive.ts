// Keeps what comes in at an interface from the kernel's own network stack. Packet sockets have seen
// it by then. A program that drops everything, where traffic control looks at packets (TCX, Linux
// 6.6), does it; when its link is closed, or the process ends, the stack is back.

import { type Instruction, linkProgram, loadProgram } from "./bpf.ts";
import type { Held } from "./held.ts";
import type { NetworkInterface } from "./interface.ts";
import type { System } from "./sys.ts";
import { must } from "./system-error.ts";

export const PROGRAM_TRAFFIC_CONTROL = 3;
export const ATTACH_TCX_INGRESS = 46;
/** What a program says: leave the packet to the next program and the stack, or drop it. */
export const TCX_NEXT = -1;
export const TCX_DROP = 2;
const DROP_ALL: readonly Instruction[] = [
  [0xb7, 0, 0, TCX_DROP], // r0 = drop
  [0x95, 0, 0, 0], // exit
];

/** Until `held` is released. Throws a SystemError: EPERM without CAP_BPF, EINVAL before 6.6. */
export function keepFromKernel(
  system: System,
  { index, name }: NetworkInterface,
  held: Held,
): void {
  const what = `exclusive ${name}`;
  const program = held.fd(loadProgram(system, PROGRAM_TRAFFIC_CONTROL, DROP_ALL, what));
  held.fd(must(linkProgram(system, program, index, ATTACH_TCX_INGRESS, 0), what));
}
