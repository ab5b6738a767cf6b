// The program that hands frames of one receive queue to a socket, before the kernel's own network
// stack sees them; all else goes the kernel's way.

import type { IpAddress } from "../../wire/ip-address.ts";
import { createMap, type Instruction, linkProgram, loadProgram, putIntoMap } from "./bpf.ts";
import type { Held } from "./held.ts";
import type { NetworkInterface } from "./interface.ts";
import type { System } from "./sys.ts";
import { EBUSY, must, SystemError } from "./system-error.ts";
import { LOAD_XDP_BYTES, vxlanMatch } from "./vxlan-match.ts";

/** Where the program runs: in the interface's own driver, or behind it, where each frame has
 * already cost a packet structure. */
export type XdpMode = "native" | "generic";

const MAP_OF_SOCKETS = 17;
const PROGRAM_XDP = 6;
const ATTACH_XDP = 37;
const FLAG_GENERIC = 2;
const FLAG_NATIVE = 4;
const PASS = 2;
const REDIRECT_MAP = 51;

export interface XdpProgramOptions {
  readonly queue: number;
  /** Without it native is tried first. */
  readonly mode?: XdpMode | undefined;
  /** Of that queue only VXLAN packets to this VTEP (IPv4). */
  readonly onlyVxlanTo?: IpAddress | undefined;
}

const PASS_ON: readonly Instruction[] = [
  [0xb7, 0, 0, PASS],
  [0x95, 0, 0, 0],
];

function choose(map: number, vtep: IpAddress | undefined): Instruction[] {
  const given = redirect(map);
  const matched = vtep === undefined ? given : vxlanMatch(vtep, LOAD_XDP_BYTES, given, PASS_ON);
  return [
    [0xbf, 0x16, 0, 0], // r6 = the context
    ...matched,
  ];
}

/** With the context in r6. */
function redirect(map: number): Instruction[] {
  return [
    [0x61, 0x62, 16, 0], // r2 = the receive queue's number
    [0x18, 0x11, 0, map], // r1 = the map,
    [0, 0, 0, 0], //           whose number takes two instructions
    [0xb7, 3, 0, PASS], // r3 = what to do where the map has no socket
    [0x85, 0, 0, REDIRECT_MAP],
    [0x95, 0, 0, 0], // exit
  ];
}

export class XdpProgram {
  readonly mode: XdpMode;
  /** Why it is generic though native was asked for: the kernel's word. */
  readonly refused: SystemError | undefined;
  readonly #system: System;
  readonly #map: number;
  readonly #what: string;

  /** Runs until `held` is released, or the process ends.
   * Throws a SystemError: EBUSY when another program is there, EPERM without CAP_BPF. */
  constructor(
    system: System,
    { name, index }: NetworkInterface,
    { queue, mode, onlyVxlanTo }: XdpProgramOptions,
    held: Held,
  ) {
    this.#system = system;
    this.#what = `XDP ${name}`;
    this.#map = held.fd(createMap(system, MAP_OF_SOCKETS, queue + 1, `${this.#what}: map`));
    const instructions = choose(this.#map, onlyVxlanTo);
    const what = `${this.#what}: program`;
    const program = held.fd(loadProgram(system, PROGRAM_XDP, instructions, what));
    const link = (flags: number) => linkProgram(system, program, index, ATTACH_XDP, flags);
    const native = mode === "generic" ? undefined : link(FLAG_NATIVE);
    // A program that is there already would be in the way of a generic one too.
    if (native !== undefined && native < 0 && native !== -EBUSY && mode === undefined) {
      this.refused = new SystemError(`${this.#what} native`, -native);
    }
    this.mode = native === undefined || this.refused !== undefined ? "generic" : "native";
    const linked = this.mode === "native" ? native! : link(FLAG_GENERIC);
    held.fd(must(linked, `${this.#what} ${this.mode}`));
  }

  /** From now on frames of that queue are the socket's, which has its rings. */
  give(queue: number, socket: number): void {
    putIntoMap(this.#system, this.#map, queue, socket, `${this.#what}: socket`);
  }
}
