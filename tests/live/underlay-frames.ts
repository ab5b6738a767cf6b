// What comes in at an underlay: frames that are the gateway's, and others. The VTEP is 10.9.0.1 at
// the near end of a cable.

import { parseIpAddress } from "../../src/wire/ip-address.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";
import { FAR_MAC, NEAR_MAC } from "./veth.ts";

export const VTEP = parseIpAddress("10.9.0.1")!;

export interface UnderlayFrame {
  readonly what: string;
  readonly frame: Uint8Array;
  readonly ours: boolean;
}

/** From the far end to the near one. */
export function toNear(frame: Uint8Array): Uint8Array {
  frame.set([...parseMac(NEAR_MAC)!, ...parseMac(FAR_MAC)!]);
  return frame;
}

function make(
  what: string,
  ours: boolean,
  text: string,
  change: (frame: Uint8Array) => void = () => undefined,
  vlans: readonly number[] = [],
): UnderlayFrame {
  const packet = buildPacket(parsePacket(text));
  const frame = toNear(ethernetFrame(packet, { vlans, padTo: 60 }));
  change(frame);
  return { what, frame, ours };
}

const VXLAN = "udp 10.9.0.2:50000 > 10.9.0.1:4789 len=101";
const byte = (at: number, value: number) => (frame: Uint8Array) => frame.fill(value, at, at + 1);

/** An IPv4 header of 60 bytes: 40 of options that mean nothing. */
function withOptions(): UnderlayFrame {
  const { frame } = make("", true, VXLAN);
  const longer = new Uint8Array(frame.length + 40).fill(1, 34, 74);
  longer.set(frame.subarray(0, 34));
  longer.set(frame.subarray(34), 74);
  longer[14] = 0x4f;
  return { what: "a header of 60 bytes", frame: longer, ours: true };
}

/** Each is told from ours by one thing. */
export const UNDERLAY_FRAMES: readonly UnderlayFrame[] = [
  make("VXLAN", true, VXLAN),
  withOptions(),
  make("don't fragment", true, `${VXLAN} df`),
  make("a tag of VLAN 0", true, VXLAN, undefined, [0x2000]),
  make("a tag of VLAN 5", false, VXLAN, undefined, [5]),
  make("a tag of VLAN 0 around one", false, VXLAN, undefined, [0x2000, 5]),
  make("another port", false, VXLAN.replace("4789", "4790")),
  make("its own port", false, "udp 10.9.0.2:4789 > 10.9.0.1:53 len=101"),
  make("another address", false, VXLAN.replace("10.9.0.1", "10.9.0.3")),
  make("TCP", false, VXLAN.replace("udp", "tcp").replace("len", "syn len")),
  make("a first fragment", false, VXLAN, byte(20, 0x20)),
  make("a later fragment", false, VXLAN, byte(21, 1)),
  make("a short header", false, VXLAN, byte(14, 0x44)),
  // Where the port would be stands a part of the source address: 4789.
  make("a header of 12 bytes", false, VXLAN.replace("10.9.0.2", "10.9.18.181"), byte(14, 0x43)),
  make("another version", false, VXLAN, byte(14, 0x65)),
  make("another type", false, VXLAN, byte(13, 1)),
  make("a ping", false, "icmp 10.9.0.2 > 10.9.0.1 echo-request id=1"),
  { what: "nothing but a type", frame: make("", false, VXLAN).frame.subarray(0, 14), ours: false },
  { what: "a cut header", frame: make("", false, VXLAN).frame.subarray(0, 37), ours: false },
];
