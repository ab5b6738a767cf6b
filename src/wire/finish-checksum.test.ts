import assert from "node:assert/strict";
import { test } from "node:test";
import { finishChecksum } from "./finish-checksum.ts";
import { buildPacket, parsePacket } from "./notation.ts";
import { verifyChecksums } from "./verify-checksums.ts";

for (const text of [
  "udp 10.0.0.1:5 > 10.0.0.2:53 len=61",
  "tcp 10.0.0.1:5 > 10.0.0.2:80 psh,ack len=100",
  "udp [2001:db8::1]:5 > [2001:db8::2]:53 len=77",
  "tcp [2001:db8::1]:5 > [2001:db8::2]:80 syn",
]) {
  test(`the checksum of ${text}`, () => {
    const right = buildPacket(parsePacket(text));
    const wrong = buildPacket(parsePacket(`${text} checksum=bad`));
    assert.notEqual(verifyChecksums(wrong).length, 0);
    finishChecksum(wrong);
    assert.deepEqual(wrong, right);
  });
}

for (const text of [
  "udp 10.0.0.1:5 > 10.0.0.2:53 len=44 mf",
  'udp 10.0.0.1 > 10.0.0.2 frag=24 data="rest"',
  "icmp 10.0.0.1 > 10.0.0.2 echo-request id=1",
]) {
  test(`nothing of ${text}`, () => {
    const packet = buildPacket(parsePacket(text));
    const before = packet.slice();
    finishChecksum(packet);
    assert.deepEqual(packet, before);
  });
}

test("nothing of what is cut short", () => {
  const packet = buildPacket(parsePacket("udp 10.0.0.1:5 > 10.0.0.2:53 len=61 checksum=bad"));
  const part = packet.slice(0, 40);
  finishChecksum(part);
  assert.deepEqual(part, packet.subarray(0, 40));
});
