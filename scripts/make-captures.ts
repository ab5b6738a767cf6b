// Makes the bundled captures. They are in git; a test compares them with what this makes.
//
//   node scripts/make-captures.ts

import { writeFileSync } from "node:fs";
import { LINK_ETHERNET } from "../src/drivers/capture.ts";
import { PcapngWriter } from "../src/drivers/pcapng-write.ts";
import { buildPacket, parsePacket } from "../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../tests/support/frames.ts";

const BLUE = 101;
const GREEN = 102;
/** 2026-01-01, in seconds since 1970. */
const START = 1_767_225_600;
const STEP_MICROS = 1500;

function packet(text: string): Uint8Array {
  return buildPacket(parsePacket(text));
}

function tunnel(vni: number, text: string, options: Parameters<typeof ethernetFrame>[1] = {}) {
  return vxlanFrame(vni, ethernetFrame(packet(text), options));
}

/** Traffic between blue and green through static NAT on both sides, and what goes wrong. */
function staticBoth(): Uint8Array[] {
  const blue = (text: string) => tunnel(BLUE, text);
  const green = (text: string) => tunnel(GREEN, text);
  const get = 'data="GET / HTTP/1.1\\x0d\\x0aHost: db\\x0d\\x0a\\x0d\\x0a"';
  const ok = 'data="HTTP/1.1 200 OK\\x0d\\x0aContent-Length: 2\\x0d\\x0a\\x0d\\x0ahi"';
  const frames = [
    // A web request, from blue's 10.0.0.4 to green's 10.0.0.4: the same address, two hosts.
    blue("tcp 10.0.0.4:30000 > 198.51.100.4:80 syn seq=1000 mss=1460"),
    green("tcp 10.0.0.4:80 > 192.0.2.4:30000 syn,ack seq=9000 ack=1001 mss=1460"),
    blue("tcp 10.0.0.4:30000 > 198.51.100.4:80 ack seq=1001 ack=9001"),
    blue(`tcp 10.0.0.4:30000 > 198.51.100.4:80 ack,psh seq=1001 ack=9001 ${get}`),
    green(`tcp 10.0.0.4:80 > 192.0.2.4:30000 ack,psh seq=9001 ack=1029 ${ok}`),
    blue("tcp 10.0.0.4:30000 > 198.51.100.4:80 ack,fin seq=1029 ack=9041"),
    green("tcp 10.0.0.4:80 > 192.0.2.4:30000 ack,fin seq=9041 ack=1030"),
    blue("tcp 10.0.0.4:30000 > 198.51.100.4:80 ack seq=1030 ack=9042"),
    // UDP, ping, and UDP without a checksum.
    blue('udp 10.0.0.7:40000 > 198.51.100.53:4000 data="question"'),
    green('udp 10.0.0.53:4000 > 192.0.2.7:40000 data="answer"'),
    blue('icmp 10.0.0.7 > 198.51.100.9 echo-request id=7 seq=1 data="ping"'),
    green('icmp 10.0.0.9 > 192.0.2.7 echo-reply id=7 seq=1 data="ping"'),
    green('udp 10.0.0.9:514 > 192.0.2.20:514 checksum=0 data="no checksum"'),
    // A bare acknowledgement in a frame padded to the Ethernet minimum.
    tunnel(BLUE, "tcp 10.0.0.4:30001 > 198.51.100.4:80 ack seq=1 ack=1", { padTo: 60 }),
    // Errors that come back: from the host, from a router nobody exposes, about a packet too big.
    blue("udp 10.0.0.7:40001 > 198.51.100.9:9999"),
    green("icmp 10.0.0.9 > 192.0.2.7 port-unreachable { udp 192.0.2.7:40001 > 10.0.0.9:9999 }"),
    green("icmp 172.16.0.1 > 192.0.2.4 time-exceeded { tcp 192.0.2.4:30002 > 10.0.0.4:80 syn }"),
    green(
      "icmp 10.0.0.1 > 192.0.2.4 frag-needed mtu=1400 { tcp 192.0.2.4:30002 > 10.0.0.4:80 ack df }",
    ),
    // A datagram in two fragments, and a protocol without ports.
    blue("udp 10.0.0.7:40002 > 198.51.100.9:2049 id=77 mf len=516"),
    blue('udp 10.0.0.7 > 198.51.100.9 id=77 frag=496 data="the end of it"'),
    blue('proto-253 10.0.0.7 > 198.51.100.9 data="an experiment"'),
    // What cannot pass.
    blue("udp 10.0.0.7:40003 > 203.0.113.5:53"),
    blue("udp 10.0.1.7:40003 > 198.51.100.9:53"),
    blue("udp 10.0.0.7:40003 > 198.51.100.9:53 ttl=1"),
    tunnel(999, "udp 10.0.0.7:40003 > 198.51.100.9:53"),
    green("icmp 10.0.0.9 > 192.0.2.7 port-unreachable { udp 192.0.2.7:1 > 10.9.9.9:2 }"),
  ];
  const cut = packet("udp 10.0.0.7:40004 > 198.51.100.9:53 len=60").subarray(0, 40);
  frames.push(vxlanFrame(BLUE, ethernetFrame(cut)));
  return frames;
}

/** Classic pcap, little-endian, microseconds. */
function pcap(frames: readonly Uint8Array[], linkType: number): Uint8Array {
  const total = frames.reduce((sum, frame) => sum + 16 + frame.length, 24);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262144, true);
  view.setUint32(20, linkType, true);
  let at = 24;
  frames.forEach((frame, index) => {
    const micros = index * STEP_MICROS;
    view.setUint32(at, START + Math.floor(micros / 1e6), true);
    view.setUint32(at + 4, micros % 1e6, true);
    view.setUint32(at + 8, frame.length, true);
    view.setUint32(at + 12, frame.length, true);
    bytes.set(frame, at + 16);
    at += 16 + frame.length;
  });
  return bytes;
}

/** IPv6 on two interfaces that are named like the VPCs. */
function ipv6(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  const blue = writer.interface("blue", LINK_ETHERNET);
  const green = writer.interface("green", LINK_ETHERNET);
  const packets: [number, string][] = [
    [blue, "tcp [2001:db8:1::4]:30000 > [2001:db8:c::8]:80 syn seq=1 mss=1440"],
    [green, "tcp [2001:db8:1::8]:80 > [2001:db8:b::4]:30000 syn,ack seq=5 ack=2 mss=1440"],
    [blue, 'udp [2001:db8:1::4]:40000 > [2001:db8:c::35]:4000 data="question"'],
    [green, "icmp 2001:db8:1::8 > 2001:db8:b::4 echo-request id=1 seq=1"],
    [
      green,
      "icmp 2001:db8:ff::1 > 2001:db8:b::4 packet-too-big mtu=1280 { tcp [2001:db8:b::4]:30000 > [2001:db8:1::8]:80 ack len=1400 }",
    ],
    [blue, "udp [2001:db8:1::4]:40000 > [2001:db8:dead::1]:53"],
  ];
  packets.forEach(([iface, text], index) => {
    const nanos = BigInt(START) * 1_000_000_000n + BigInt(index * STEP_MICROS) * 1000n;
    writer.packet({ iface, nanos, bytes: ethernetFrame(packet(text)) });
  });
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

/** By name in examples/captures. */
export function captures(): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ["static-both.pcap", pcap(staticBoth(), LINK_ETHERNET)],
    ["ipv6.pcapng", ipv6()],
  ]);
}

if (import.meta.main) {
  for (const [name, bytes] of captures()) {
    writeFileSync(new URL(`../examples/captures/${name}`, import.meta.url), bytes);
  }
}
