// Where packets end: dropped as soon as the interface has counted them, so that receiving costs as
// little as it can, and all contenders the same. ARP goes its way.

import { type Instruction, linkProgram, loadProgram } from "../../src/drivers/linux/bpf.ts";
import { findInterface } from "../../src/drivers/linux/interface.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { must } from "../../src/drivers/linux/system-error.ts";

const PROGRAM_TRAFFIC_CONTROL = 3;
const ATTACH_TCX_INGRESS = 46;
/** ETH_P_IP as it lies in memory. */
const IPV4 = 0x0008;

const DROP_IPV4: readonly Instruction[] = [
  [0x61, 0x12, 16, 0], // r2 = the packet's protocol
  [0xb7, 0, 0, -1], // go on
  [0x55, 2, 1, IPV4], // if r2 != IPv4, past the next
  [0xb7, 0, 0, 2], // drop
  [0x95, 0, 0, 0], // exit
];

/** In the namespace of the calling thread. Returns what gives it back. */
export function openSink(system: System, name: string): () => void {
  const { index } = findInterface(system, name);
  const program = loadProgram(system, PROGRAM_TRAFFIC_CONTROL, DROP_IPV4, `sink ${name}`);
  const link = must(linkProgram(system, program, index, ATTACH_TCX_INGRESS, 0), `sink ${name}`);
  return () => {
    system.close(link);
    system.close(program);
  };
}
