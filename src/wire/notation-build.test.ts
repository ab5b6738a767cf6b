// What a packet cannot be is refused, never sent as something else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bound, buildPacket, matchPacket, NotationError, parsePacket } from "./notation.ts";
import { verifyChecksums } from "./verify-checksums.ts";

const UDP = "udp 1.1.1.1:1 > 2.2.2.2:2";
const UDP6 = "udp [2001:db8::1]:1 > [2001:db8::2]:2";
const QUOTE = "{ udp 2.2.2.2:2 > 1.1.1.1:1 }";

for (const [text, message] of [
  [`${UDP} id=65536`, /id is at most 65535/],
  [`${UDP6} mf id=4294967296`, /id is a number from 0 to 4294967295/],
  ["icmp 1.1.1.1 > 2.2.2.2 echo-request id=65536", /id is at most 65535/],
  ["icmp 1.1.1.1 > 2.2.2.2 echo-request seq=65536", /seq is at most 65535/],
  ["icmp 1.1.1.1 > 2.2.2.2 frag-needed mtu=65536", /mtu is at most 65535/],
  [`${UDP} data="${"a".repeat(65508)}"`, /over 65535 bytes/],
  [`${UDP} seq=5`, /no field for seq/],
  [`${UDP} mtu=5`, /no field for mtu/],
  ["icmp 1.1.1.1 > 2.2.2.2 port-unreachable seq=1", /no field for seq/],
  ["icmp 1.1.1.1 > 2.2.2.2 port-unreachable mtu=1", /no field for mtu/],
  [`${UDP6} id=5`, /no field for id/],
  [`${UDP6} df`, /IPv6 has no df/],
  ["udp 2001:db8::1 > 2001:db8::2", /needs ports, written \[2001:db8::1\]:53/],
  ["icmp 1.1.1.1 > 2.2.2.2", /icmp needs a message/],
  [`icmp 1.1.1.1 > 2.2.2.2 echo-request ${QUOTE}`, /only ICMP errors quote/],
  [`icmp 1.1.1.1 > 2.2.2.2 port-unreachable data="a" ${QUOTE}`, /either data or a quoted packet/],
  [`${UDP} frag=8`, /later fragment has no ports/],
  ["tcp 1.1.1.1 > 2.2.2.2 syn frag=8", /later fragment has no ports, flags/],
  ["icmp 1.1.1.1 > 2.2.2.2 echo-request frag=8", /later fragment has no .* ICMP message/],
  ["udp 1.1.1.1 > 2.2.2.2 frag=8 checksum=0", /checksum=0 is for udp/],
  ["tcp 1.1.1.1:1 > 2.2.2.2:2 checksum=0", /checksum=0 is for udp/],
  ["udp 1.1.1.1 > 2.2.2.2 frag=8 checksum=bad", /no checksum here/],
  ["proto-47 1.1.1.1 > 2.2.2.2 checksum=bad", /no checksum here/],
  [`${UDP} mf checksum=bad`, /checksum of a fragment/],
] as const) {
  test(`"${text.slice(0, 60)}" cannot be built`, () => {
    assert.throws(
      () => buildPacket(parsePacket(text)),
      (error) => error instanceof NotationError && message.test(error.message),
    );
  });
}

for (const [text, value, message] of [
  ["udp 1.1.1.1:$n > 2.2.2.2:2", 65536, /port is at most 65535/],
  [`${UDP} ttl=$n`, 256, /ttl is at most 255/],
  [`${UDP} tos=$n`, 256, /tos is at most 255/],
  ["udp 1.1.1.1 > 2.2.2.2 frag=$n", 12, /frag is a multiple of 8/],
  ["udp 1.1.1.1 > 2.2.2.2 frag=$n", 65536, /frag is at most 65528/],
  ["tcp 1.1.1.1:1 > 2.2.2.2:2 win=$n", 65536, /win is at most 65535/],
] as const) {
  test(`"${text}" cannot be built when the variable is ${value}`, () => {
    const bindings = new Map<string, Bound>([["n", value]]);
    assert.throws(() => buildPacket(parsePacket(text), bindings), message);
  });
}

test("the longest packets of both families are built", () => {
  for (const [text, length] of [
    [`${UDP} len=65535`, 65535],
    [`${UDP6} data="${"a".repeat(65527)}"`, 65575],
  ] as const) {
    const bytes = buildPacket(parsePacket(text));
    assert.equal(bytes.length, length);
    assert.deepEqual(verifyChecksums(bytes), []);
  }
});

test("a bad checksum is wrong even where the right one is 0xffff", () => {
  const right = buildPacket(parsePacket("udp 1.1.1.1:63958 > 2.2.2.2:2"));
  assert.deepEqual([...right.subarray(26, 28)], [0xff, 0xff]);
  const bad = buildPacket(parsePacket("udp 1.1.1.1:63958 > 2.2.2.2:2 checksum=bad"));
  assert.deepEqual(verifyChecksums(bad), [{ header: "udp", quoted: false }]);
});

test("every packet that can be sent is what it says", () => {
  for (const text of [
    `icmp 1.1.1.1 > 2.2.2.2 port-unreachable { udp 2.2.2.2:2 > 1.1.1.1:1 checksum=bad }`,
    `icmp 1.1.1.1 > 2.2.2.2 port-unreachable checksum=bad ${QUOTE}`,
    `icmp 1.1.1.1 > 2.2.2.2 redirect id=7 ${QUOTE}`,
    `icmp 1.1.1.1 > 2.2.2.2 time-exceeded { udp 2.2.2.2 > 1.1.1.1 frag=8 data="a" }`,
    `${UDP6} checksum=0`,
    `${UDP} frag=0`,
    `${UDP6} mf id=70000`,
    "udp 2001:db8::1 > 2001:db8::2 frag=16 id=4294967295",
    "icmp 2001:db8::1 > 2001:db8::2 packet-too-big mtu=70000",
    "icmp 2001:db8::1 > 2001:db8::2 echo-request id=65535 seq=65535 mf",
  ]) {
    const packet = parsePacket(text);
    assert.equal(matchPacket(packet, buildPacket(packet), new Map()), undefined, text);
  }
});

test("the checksum of a quoted packet is judged by what is expected of it", () => {
  const good = buildPacket(parsePacket(`icmp 1.1.1.1 > 2.2.2.2 port-unreachable ${QUOTE}`));
  const expected = "icmp 1.1.1.1 > 2.2.2.2 port-unreachable";
  const inner = "udp 2.2.2.2:2 > 1.1.1.1:1 checksum=bad";
  const wantsBad = parsePacket(`${expected} { ${inner} }`);
  assert.match(matchPacket(wantsBad, good, new Map()) ?? "", /quoted packet is not wrong/);
  const bad = buildPacket(wantsBad);
  const any = parsePacket(expected);
  assert.match(
    matchPacket(any, bad, new Map()) ?? "",
    /udp checksum of the quoted packet is wrong/,
  );
  // The header of the quoted packet is never excused: three more there and three less in the
  // transport checksum behind it leave the sum of the ICMP message as it was.
  bad[28 + 4]! += 3;
  bad[28 + 26]! -= 3;
  assert.match(matchPacket(wantsBad, bad, new Map()) ?? "", /the ipv4 checksum of the quoted/);
});

test("a checksum that came in bad must not leave as none", () => {
  const expected = parsePacket(UDP);
  const none = buildPacket(parsePacket(`${UDP} checksum=0`));
  assert.equal(matchPacket(expected, none, new Map()), undefined);
  const difference = matchPacket(expected, none, new Map(), { checksumWasBad: true });
  assert.match(difference ?? "", /went out as 0/);
});
