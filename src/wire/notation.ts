// Packet notation: one packet as one line of text, in stories, explanations, traces and docs.
//
//   udp 1.2.3.4:1234 > 5.6.7.8:5678
//   tcp 10.0.0.4:30000 > 20.0.0.8:80 syn,ack ttl=2
//   icmp 9.9.9.9 > 5.5.5.5 port-unreachable { udp 5.5.5.5:$p > 192.168.0.8:5678 }

export { buildPacket } from "./notation-build.ts";
export { formatPacket } from "./notation-format.ts";
export { type MatchOptions, matchPacket } from "./notation-match.ts";
export { parsePacket } from "./notation-parse.ts";
export { describePacket, readPacket } from "./notation-read.ts";
export { type Bound, NotationError, type PacketNotation } from "./notation-types.ts";
