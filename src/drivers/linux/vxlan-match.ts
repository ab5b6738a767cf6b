// Which frames of an underlay are ours, as instructions for the kernel: VXLAN packets (RFC 7348) to
// our VTEP. For the programs that run at an interface; sockets have a language of their own
// (socket-filter.ts) and the same rules:
//
//   no VLAN tag, or one of VLAN 0, which gives a priority and no network (IEEE 802.1Q)
//   IPv4, a header of 20 to 60 bytes, to the VTEP's address, no fragment
//   UDP to port 4789

import { assert } from "../../base/assert.ts";
import { type IpAddress, writeIpAddress } from "../../wire/ip-address.ts";
import type { Instruction } from "./bpf.ts";

/** UDP port of VXLAN, RFC 7348. */
export const VXLAN_PORT = 4789;
/** "More fragments" and the offset, in IPv4's 16 bits of both. */
export const FRAGMENT_BITS = 0x3fff;

/** Functions of the kernel that copy bytes of a packet: of one that has its structure, and of one
 * that has none yet (Linux 5.18). */
export const LOAD_PACKET_BYTES = 26;
export const LOAD_XDP_BYTES = 189;

/** Stands for the way to `otherwise`. */
const FAIL = 0x7fff;
const IS_NOT = 0x55;
const IS_NOT_32 = 0x56;
const IS_BELOW = 0xa5;
const HAS_BITS = 0x45;

/** Runs `found` for a frame that is ours, and `otherwise` for all else; both end the program. The
 * context is in register 6 from the start, and stays there. `vtep` is IPv4. */
export function vxlanMatch(
  vtep: IpAddress,
  loadBytes: typeof LOAD_PACKET_BYTES | typeof LOAD_XDP_BYTES,
  found: readonly Instruction[],
  otherwise: readonly Instruction[],
): Instruction[] {
  assert(vtep.family === 4, "a VTEP has an IPv4 address");
  // Below register 10, the end of the stack: 20 bytes of IPv4, aligned, and before them the type.
  const ip = -24;
  const type = ip - 2;
  const load = (from: Instruction, to: number, count: number): Instruction[] => [
    [0xbf, 0x61, 0, 0], // r1 = the context
    from, // r2 = where in the frame
    [0xbf, 0xa3, 0, 0], // r3 = the stack,
    [0x07, 3, 0, to], //       there
    [0xb7, 4, 0, count],
    [0x85, 0, 0, loadBytes],
    [IS_NOT, 0, FAIL, 0], // the frame is shorter
  ];
  const checks: Instruction[] = [
    [0xb7, 7, 0, 12], // r7 = where the type is
    ...load([0xbf, 0x72, 0, 0], type, 4),
    [0x69, 0xa1, type, 0], // r1 = the type
    [IS_NOT, 1, 4, networkHalf(0x8100)], // no tag in the frame
    [0x69, 0xa1, ip, 0], // r1 = the tag
    [0x57, 1, 0, networkHalf(0xfff)],
    [IS_NOT, 1, FAIL, 0], // of a VLAN
    [0xb7, 7, 0, 16],
    ...load([0xbf, 0x72, 0, 0], type, 22),
    [0x69, 0xa1, type, 0],
    [IS_NOT, 1, FAIL, networkHalf(0x0800)],
    [0x71, 0xa8, ip, 0], // r8 = version and length
    [0xbf, 0x81, 0, 0],
    [0x57, 1, 0, 0xf0],
    [IS_NOT, 1, FAIL, 0x40],
    [0x57, 8, 0, 0x0f],
    [IS_BELOW, 8, FAIL, 5],
    [0x69, 0xa1, ip + 6, 0],
    [HAS_BITS, 1, FAIL, networkHalf(FRAGMENT_BITS)],
    [0x71, 0xa1, ip + 9, 0],
    [IS_NOT, 1, FAIL, 17],
    [0x61, 0xa1, ip + 16, 0],
    [IS_NOT_32, 1, FAIL, vtepWord(vtep)],
    [0x67, 8, 0, 2], // r8 = bytes of the header
    [0x0f, 0x78, 0, 0], // and where the type is
    [0x07, 8, 0, 4], // behind the type and UDP's source port
    ...load([0xbf, 0x82, 0, 0], type, 2),
    [0x69, 0xa1, type, 0],
    [IS_NOT, 1, FAIL, networkHalf(VXLAN_PORT)],
  ];
  const end = checks.length + found.length;
  const resolved = checks.map(([code, registers, offset, immediate], i): Instruction => {
    return [code, registers, offset === FAIL ? end - 1 - i : offset, immediate];
  });
  return [...resolved, ...found, ...otherwise];
}

/** A number of 16 bits as the machine, little-endian, reads it from a packet. */
function networkHalf(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

function vtepWord(vtep: IpAddress): number {
  const bytes = new Uint8Array(4);
  writeIpAddress(bytes, 0, vtep);
  return new DataView(bytes.buffer).getInt32(0, true);
}
