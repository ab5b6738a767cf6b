// Which packets a socket takes, decided by the kernel before it does anything for them: classic
// BPF, socket(7), SO_ATTACH_FILTER. A filter returns how many bytes it lets in, 0 for none.

import { assert } from "../../base/assert.ts";
import type { IpAddress } from "../../wire/ip-address.ts";
import type { System } from "./sys.ts";
import { must } from "./system-error.ts";
import { FRAGMENT_BITS, VXLAN_PORT } from "./vxlan-match.ts";

/** `ifTrue` and `ifFalse` are how many instructions a test passes over. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const INSTRUCTION = 8;
/** struct sock_fprog: count u16, address u64@8; in front of the instructions. */
const PROGRAM = 16;

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const LOAD_HALF_BEHIND_X = 0x48;
/** X = 4 times the lower four bits of a byte: the length of an IPv4 header. */
const LOAD_X_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const IS = 0x15;
const IS_AT_LEAST = 0x35;
const HAS_BITS = 0x45;
const RETURN = 0x06;
/** Where the kernel's own word on the VLAN tag that it took out of the frame stands. */
const VLAN_TAG = -0x1000 + 44;

const NOTHING: readonly Instruction[] = [[RETURN, 0, 0, 0]];

/** Stands for the way to the end, where 0 is returned. */
const FAIL = -1;

/** Offsets are from the Ethernet header. Bytes that are not there end the filter with 0. */
function vxlanTo(vtep: IpAddress): Instruction[] {
  assert(vtep.family === 4, "a VTEP has an IPv4 address");
  const checks: Instruction[] = [
    // A tag of VLAN 0 gives a priority and no network (IEEE 802.1Q).
    [LOAD_WORD, 0, 0, VLAN_TAG],
    [AND, 0, 0, 0xfff],
    [IS, 0, FAIL, 0],
    [LOAD_HALF, 0, 0, 12],
    [IS, 0, FAIL, 0x0800],
    [LOAD_BYTE, 0, 0, 14],
    [AND, 0, 0, 0xf0],
    [IS, 0, FAIL, 0x40],
    [LOAD_BYTE, 0, 0, 14],
    [AND, 0, 0, 0x0f],
    [IS_AT_LEAST, 0, FAIL, 5],
    [LOAD_BYTE, 0, 0, 23],
    [IS, 0, FAIL, 17],
    [LOAD_WORD, 0, 0, 30],
    [IS, 0, FAIL, Number(vtep.value)],
    [LOAD_HALF, 0, 0, 20],
    [HAS_BITS, FAIL, 0, FRAGMENT_BITS],
    [LOAD_X_HEADER_LENGTH, 0, 0, 14],
    [LOAD_HALF_BEHIND_X, 0, 0, 16],
    [IS, 0, FAIL, VXLAN_PORT],
    [RETURN, 0, 0, 0x7fffffff],
  ];
  const resolved = checks.map(([code, ifTrue, ifFalse, value], i): Instruction => {
    const way = checks.length - 1 - i;
    return [code, ifTrue === FAIL ? way : ifTrue, ifFalse === FAIL ? way : ifFalse, value];
  });
  return [...resolved, ...NOTHING];
}

/** The socket takes nothing, whatever is sent to it. Throws a SystemError. */
export function takeNothing(system: System, fd: number, what: string): void {
  attach(system, fd, NOTHING, what);
}

/** A packet socket takes VXLAN packets to `vtep` (IPv4) and nothing else: UDP to port 4789, whole
 * (fragments are not), in a frame of no VLAN. Super-frames of them too. Throws a SystemError. */
export function takeOnlyVxlan(system: System, fd: number, vtep: IpAddress, what: string): void {
  attach(system, fd, vxlanTo(vtep), what);
}

function attach(
  system: System,
  fd: number,
  instructions: readonly Instruction[],
  what: string,
): void {
  // One block: who holds it holds the instructions.
  const block = new Uint8Array(Math.max(128, PROGRAM + instructions.length * INSTRUCTION));
  const view = new DataView(block.buffer);
  view.setUint16(0, instructions.length, true);
  view.setBigUint64(8, system.addressOf(block) + BigInt(PROGRAM), true);
  instructions.forEach(([code, ifTrue, ifFalse, value], i) => {
    const at = PROGRAM + i * INSTRUCTION;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setInt32(at + 4, value, true);
  });
  must(system.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, block.subarray(0, PROGRAM)), what);
}
