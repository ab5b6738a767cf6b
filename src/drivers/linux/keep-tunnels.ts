// Keeps the kernel from VXLAN packets that are the gateway's: it would answer each with "port
// unreachable", or take it for a VXLAN device of its own. Two means, gone with the process:
//
//   a UDP socket at the VTEP's address and port that takes nothing. With it there is no error, and
//   nobody else can have the port: neither a program nor a VXLAN device;
//   a program at the interface (TCX, Linux 6.6) that drops the packets before the kernel's stack
//   does any work for them. Packet sockets have seen them by then.

import { formatIpAddress, type IpAddress, writeIpAddress } from "../../wire/ip-address.ts";
import { type Instruction, linkProgram, loadProgram } from "./bpf.ts";
import { ATTACH_TCX_INGRESS, PROGRAM_TRAFFIC_CONTROL, TCX_DROP, TCX_NEXT } from "./exclusive.ts";
import { Held } from "./held.ts";
import { findInterface } from "./interface.ts";
import { takeNothing } from "./socket-filter.ts";
import type { System } from "./sys.ts";
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, must, SystemError } from "./system-error.ts";
import { LOAD_PACKET_BYTES, VXLAN_PORT, vxlanMatch } from "./vxlan-match.ts";

export interface TunnelOptions {
  /** Of the underlay, in the network namespace of the calling thread. */
  readonly interface: string;
  /** IPv4; an address of this machine. */
  readonly vtep: IpAddress;
  /** Without the program when false. */
  readonly program?: boolean | undefined;
}

export interface KeptTunnels {
  /** What the operator should know, in sentences. */
  readonly notices: readonly string[];
  /** The kernel does as it likes again. May be called twice. */
  close(): void;
}

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

/** From now on. Throws an Error when the port is taken or the address not this machine's, or a
 * SystemError: ENODEV without such an interface, EPERM without CAP_BPF. */
export function keepTunnels(options: TunnelOptions, system: System): KeptTunnels {
  const held = new Held(system);
  try {
    reservePort(system, options.vtep, held);
    const notices = options.program === false ? [] : dropAtInterface(system, options, held);
    return { notices, close: () => held.release() };
  } catch (error) {
    held.release();
    throw error;
  }
}

function reservePort(system: System, vtep: IpAddress, held: Held): void {
  const what = `UDP port ${VXLAN_PORT} of ${formatIpAddress(vtep)}`;
  const fd = held.fd(must(system.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), what));
  takeNothing(system, fd, what);
  // struct sockaddr_in: family u16, port and address in network order.
  const name = new Uint8Array(16);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, VXLAN_PORT);
  writeIpAddress(name, 4, vtep);
  const bound = system.bind(fd, name);
  if (bound === -EADDRINUSE) {
    throw new Error(
      `${what} is taken, by another program (ss -ulnp) or a VXLAN device of the kernel (ip -details link show type vxlan)`,
    );
  }
  if (bound === -EADDRNOTAVAIL) {
    throw new Error(`${formatIpAddress(vtep)}, the VTEP, is not an address of this machine`);
  }
  must(bound, what);
}

const DROP: readonly Instruction[] = [
  [0xb7, 0, 0, TCX_DROP],
  [0x95, 0, 0, 0],
];
const LEAVE: readonly Instruction[] = [
  [0xb7, 0, 0, TCX_NEXT],
  [0x95, 0, 0, 0],
];

/** struct __sk_buff: the tag that the kernel took out of the frame; 0 when there was none. */
const VLAN_TAG = 24;

function dropProgram(vtep: IpAddress): Instruction[] {
  const match = vxlanMatch(vtep, LOAD_PACKET_BYTES, DROP, LEAVE);
  return [
    [0xbf, 0x16, 0, 0], // r6 = the context
    [0x61, 0x61, VLAN_TAG, 0],
    [0x57, 1, 0, 0xfff],
    [0x15, 1, 2, 0], // of no VLAN
    ...LEAVE,
    ...match,
  ];
}

/** Returns notices. */
function dropAtInterface(system: System, options: TunnelOptions, held: Held): string[] {
  const { index, name } = findInterface(system, options.interface);
  const what = `VXLAN kept from the kernel at ${name}`;
  const code = dropProgram(options.vtep);
  const program = held.fd(loadProgram(system, PROGRAM_TRAFFIC_CONTROL, code, what));
  const linked = linkProgram(system, program, index, ATTACH_TCX_INGRESS, 0);
  if (linked === -EINVAL) {
    return [
      `${new SystemError(what, EINVAL).message}: it needs Linux 6.6; without it the kernel looks at every VXLAN packet before it drops it`,
    ];
  }
  held.fd(must(linked, what));
  return [];
}
