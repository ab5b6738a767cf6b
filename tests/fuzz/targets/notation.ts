// Packet notation: what is refused says where; what is understood is written as text that is
// understood the same, built, and read back.

import assert from "node:assert/strict";
import {
  buildPacket,
  describePacket,
  formatPacket,
  NotationError,
  parsePacket,
  readPacket,
} from "../../../src/wire/notation.ts";
import { damageText, type Words } from "../mutate-text.ts";
import { type Target, TEXT } from "../target.ts";

const SEEDS = [
  "udp 1.2.3.4:1234 > 5.6.7.8:5678",
  "tcp 10.0.0.4:30000 > 20.0.0.8:80 syn,ack ttl=2 len=100",
  "udp [2001:db8::1]:53 > [2001:db8::2]:53 checksum=bad",
  "icmp 10.0.0.4 > 20.0.0.8 echo-request id=7 seq=1",
  "icmp 9.10.11.12 > 5.5.5.5 port-unreachable { udp 5.5.5.5:$p > 192.168.0.8:5678 }",
  "icmp 9.9.9.9 > 5.5.5.5 frag-needed mtu=1400 { tcp 5.5.5.5:9 > 192.168.0.8:80 ack,urg win=5 }",
  "icmp 2001:db8::1 > 2001:db8::2 packet-too-big mtu=70000 { icmp ::1 > ::2 echo-reply id=3 }",
  "icmp 1.1.1.1 > 2.2.2.2 type=3 code=7",
  "proto-47 1.1.1.1 > 2.2.2.2 tos=4 id=65535 df",
  'udp 10.0.0.4 > 20.0.0.8 frag=480 mf id=7 data="re\\x00\\"\\\\st"',
  "tcp 10.0.0.4:* > $a:0x50 syn mss=1460 seq=4294967295 ack=1",
  "udp ::ffff:1.2.3.4 > ::",
];

const WORDS: Words = {
  usual: [...new Set(SEEDS.flatMap((text) => text.split(" ")))],
  odd: [
    ...[
      "",
      " ",
      "\t",
      "\n",
      "{",
      "}",
      ">",
      "*",
      "$",
      "$x",
      "$1",
      "=",
      '"',
      "\\",
      ",",
      ":",
      "[",
      "]",
    ],
    ...["proto-0", "proto-6", "proto-58", "proto-256", "len=0", "len=19", "len=65535", "len=65536"],
    ...["frag=8", "frag=7", "frag=65528", "ttl=256", "checksum=0", "mtu=*", "type=8", "code=255"],
    ...['data=""', 'data="\\xff"', 'data="é"', "data=", "mss=0", "syn,syn", "0x0", "007", "id=0x1"],
    ...["time-exceeded", "redirect", "timestamp-reply", "parameter-problem", "__proto__", "\ud800"],
    ...["::", "1.2.3.4", "01.2.3.4", "fe80::1%1", "[::1]:1", "1.2.3.4:99999", "__proto__=1"],
  ],
  word: /[^\s]+/g,
};

export const notation: Target<string> = {
  ...TEXT,
  name: "notation",
  unit: "packets",
  corpus: "notation",
  extension: "txt",
  seeds: () => SEEDS,
  mutate: (text, other, random) => damageText(text, other, WORDS, random).slice(0, 300),
  split: (text) => text.split(/(?<= )/),
  judge: () => (text) => {
    judgeNotation(text);
    return 1;
  },
};

/** The result, or undefined for a NotationError that says where. */
function understood<T>(text: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotationError)) throw error;
    const { column } = error;
    assert.ok(column >= 1 && column <= error.text.length + 1, `column ${column} of "${text}"`);
    return undefined;
  }
}

function judgeNotation(text: string): void {
  const packet = understood(text, () => parsePacket(text));
  if (packet === undefined) return;
  const formatted = formatPacket(packet);
  const again = parsePacket(formatted);
  assert.equal(formatPacket(again), formatted, "formatting is stable");
  const bytes = understood(text, () => buildPacket(packet));
  if (bytes === undefined) return;
  assert.deepEqual(buildPacket(again), bytes, "the formatted text builds the same packet");
  assert.notEqual(describePacket(bytes), "not an IP packet");
  const read = readPacket(bytes);
  assert.ok(read !== undefined, "what is built can be read");
  const rebuilt = understood(text, () => buildPacket(parsePacket(formatPacket(read))));
  if (rebuilt !== undefined) assert.deepEqual(rebuilt, bytes, `${formatPacket(read)} is the same`);
}
