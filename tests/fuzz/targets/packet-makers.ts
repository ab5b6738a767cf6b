// Packets that get far: addresses and ports of the exposes in packet-world.ts.

import { type Random, seededRandom } from "../../../src/base/random.ts";
import { buildPacket, parsePacket } from "../../../src/wire/notation.ts";

export interface Made {
  /** Number of the VPC it comes from. */
  readonly vpc: number;
  readonly packet: Uint8Array;
}

const TEXTS: readonly (readonly string[])[] = [
  [
    "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l",
    "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l checksum=0",
    "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l checksum=bad",
    "udp 10.0.0.$h:$p > 31.0.0.1:8080 len=$l df",
    "udp 10.0.0.$h:$p > 40.0.0.$h:9",
    "udp 10.0.0.$h:$p > 30.0.0.$h:53 mf len=500 id=$p",
    'udp 10.0.0.$h > 30.0.0.$h frag=480 id=$p data="rest of it"',
    "tcp 10.0.0.$h:$p > 30.0.0.$h:80 syn mss=1460",
    "tcp 10.0.0.$h:$p > 30.0.0.$h:80 ack len=$l",
    "tcp 10.0.0.$h:$p > 30.0.0.$h:80 ack,urg ttl=$t",
    "tcp 10.0.0.$h:$p > 30.0.0.$h:80 fin,ack seq=$p",
    "tcp 10.0.0.$h:$p > 30.0.0.$h:80 rst",
    "tcp 10.0.0.$h:$p > 40.0.0.$h:80 syn",
    "tcp 10.0.0.$h:$p > 31.0.0.1:8080 syn",
    "tcp 10.5.0.$h:$p > 31.0.0.1:8080 syn",
    "tcp 10.6.0.$h:50 > 30.0.0.$h:80 ack",
    "udp 10.0.0.$h:$p > 20.0.0.1:102$t",
    "icmp 10.0.0.$h > 30.0.0.$h echo-request id=$p",
    "icmp 10.5.0.$h > 30.0.0.$h port-unreachable { udp 30.0.0.$h:7 > 10.5.0.$h:9 }",
    "icmp 10.0.0.$h > 30.0.0.$h timestamp-request id=$p",
    "proto-47 10.5.0.$h > 30.0.0.$h",
    'proto-139 10.5.0.$h > 30.0.0.$h data="\\x3b\\x01\\x00\\x11\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"',
    "udp [2001:db8:1::$h]:$p > [2001:db8:2::1]:53 len=$l",
    "tcp [2001:db8:1::$h]:$p > [2001:db8:2::1]:80 syn",
    "tcp [2001:db8:1::$h]:$p > [2001:db8:2::1]:80 ack ttl=$t",
    "icmp 2001:db8:1::$h > 2001:db8:2::1 echo-request id=$p",
    "udp [2001:db8:1::$h]:$p > [2001:db8:2::1]:53 mf len=528 id=9",
    "udp 10.0.0.$h:$p > 8.8.8.8:53 ttl=$t",
  ],
  [
    "udp 10.0.0.$h:$p > 60.0.0.$h:53 len=$l",
    "udp 10.0.0.$h:$p > 60.0.0.$h:53 checksum=0",
    "tcp 10.0.0.$h:$p > 60.0.0.$h:80 ack ttl=$t checksum=bad",
    "tcp 10.0.0.$h:$p > 60.0.0.$h:80 syn mss=9000",
    "udp 10.0.0.$h:$p > 62.0.0.$h:185",
    "tcp 10.0.0.$h:$p > 62.0.0.$h:185 ack",
    "udp 10.0.0.$h:53 > 20.0.0.1:102$t len=$l",
    "tcp 10.0.0.$h:80 > 20.0.0.1:102$t syn,ack",
    "tcp 10.0.0.$h:80 > 20.0.0.1:102$t fin,ack",
    "tcp 10.0.0.$h:80 > 20.0.0.1:102$t rst",
    "icmp 10.0.0.$h > 20.0.0.1 echo-reply id=$t",
    "icmp 10.0.0.$h > 20.0.0.1 port-unreachable { udp 20.0.0.1:102$t > 10.0.0.$h:53 }",
    "icmp 9.9.9.9 > 20.0.0.1 frag-needed mtu=600 { tcp 20.0.0.1:102$t > 10.0.0.$h:80 ack len=700 }",
    "icmp 10.0.0.$h > 60.0.0.$h time-exceeded { tcp 60.0.0.$h:7 > 10.0.0.$h:9 ack }",
    "icmp 10.0.0.$h > 60.0.0.$h port-unreachable { icmp 60.0.0.$h > 10.0.0.$h echo-reply id=3 }",
    "udp 10.0.0.$h:$p > 21.0.0.$h:$p",
    "udp [2001:db8:2::$h]:$p > [2001:db8:c::$h]:53 len=$l",
    "tcp [2001:db8:2::$h]:$p > [2001:db8:c::$h]:80 ack ttl=$t",
    "tcp [2001:db8:2::1]:80 > [2001:db8:a::1]:102$t syn,ack",
    "icmp 2001:db8:2::1 > 2001:db8:a::1 packet-too-big mtu=1280 { udp [2001:db8:a::1]:102$t > [2001:db8:2::1]:53 }",
    "icmp 2001:db8:2::$h > 2001:db8:c::$h port-unreachable { udp [2001:db8:c::$h]:53 > [2001:db8:2::$h]:$p }",
    'proto-135 2001:db8:2::$h > 2001:db8:c::$h data="\\x3b\\x00\\x05\\x00\\x00\\x00\\x00\\x00"',
    "udp 10.7.0.$h:$p > 60.0.0.$h:53",
  ],
  ["udp 40.0.0.$h:9 > 20.1.0.1:102$t", "tcp 40.0.0.$h:80 > 20.1.0.1:102$t syn,ack"],
  [
    "udp 60.0.0.$h:53 > 50.0.0.$h:$p len=$l",
    "tcp 60.0.0.$h:80 > 50.0.0.$h:$p ack",
    "udp 61.0.0.$h:85 > 50.0.0.$h:$p",
    "icmp 60.0.0.$h > 50.0.0.$h echo-request id=$p",
    "tcp [2001:db8:3::$h]:80 > [2001:db8:b::$h]:$p syn,ack",
    'udp 60.0.0.$h > 50.0.0.$h frag=8 mf data="12345678"',
  ],
];

/** Built once: notation is slow. */
const MADE: readonly Made[] = TEXTS.flatMap((texts, vpc) => {
  const random = seededRandom(vpc);
  return texts.flatMap((text) =>
    Array.from({ length: 6 }, () => ({
      vpc,
      packet: buildPacket(parsePacket(fill(text, random))),
    })),
  );
});

function fill(text: string, random: Random): string {
  return text
    .replaceAll("$h", `${1 + random.below(4)}`)
    .replaceAll("$p", `${3000 + random.below(3)}`)
    .replace("$l", `${random.below(8) === 0 ? 601 : 60 + random.below(200)}`)
    .replaceAll("$t", `${4 + random.below(4)}`)
    .replace(/ttl=4/, "ttl=1");
}

/** A copy. */
export function makePacket(random: Random): Made {
  const { vpc, packet } = MADE[random.below(MADE.length)]!;
  return { vpc, packet: packet.slice() };
}
