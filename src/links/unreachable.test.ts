import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpAddress } from "../wire/ip-address.ts";
import { buildPacket, describePacket, parsePacket } from "../wire/notation.ts";
import { verifyChecksums } from "../wire/verify-checksums.ts";
import { hostUnreachable } from "./unreachable.ts";

const ROUTERS = { 4: parseIpAddress("10.0.0.1")!, 6: parseIpAddress("2001:db8::1")! };

function about(notation: string, family: 4 | 6): Uint8Array | undefined {
  return hostUnreachable(buildPacket(parsePacket(notation)), ROUTERS[family]);
}

test("an error quotes as much of the packet as hosts must take, with right checksums", () => {
  for (const [family, length, notation] of [
    [4, 576, "udp 10.0.0.4:3000 > 10.0.0.8:53 len=1400"],
    [6, 1280, "udp [2001:db8::4]:3000 > [2001:db8::8]:53 len=1400"],
  ] as const) {
    const said = about(notation, family)!;
    assert.equal(said.length, length);
    assert.deepEqual(verifyChecksums(said), []);
    assert.match(describePacket(said), /host-unreachable \{ udp .*3000 > /);
  }
  const short = about("udp 10.0.0.4:3000 > 10.0.0.8:53", 4)!;
  assert.match(describePacket(short), /^icmp 10.0.0.1 > 10.0.0.4 host-unreachable \{ udp /);
});

test("nothing is said about errors, later fragments, and what no single host has sent", () => {
  const quoted = "{ udp 10.0.0.8:53 > 10.0.0.4:3000 }";
  for (const notation of [
    `icmp 10.0.0.4 > 10.0.0.8 port-unreachable ${quoted}`,
    "udp 10.0.0.4 > 10.0.0.8 frag=1480",
    "udp 224.0.0.4:3000 > 10.0.0.8:53",
    "udp 0.0.0.0:3000 > 10.0.0.8:53",
  ]) {
    assert.equal(about(notation, 4), undefined, notation);
  }
  assert.equal(about("udp [ff02::4]:3000 > [2001:db8::8]:53", 6), undefined);
  assert.ok(about("icmp 10.0.0.4 > 10.0.0.8 echo-request id=7 seq=1", 4));
});
