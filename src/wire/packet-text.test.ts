import assert from "node:assert/strict";
import { test } from "node:test";
import { describePacket, NotationError } from "./notation.ts";
import { buildGivenPacket, parseGivenPacket } from "./packet-text.ts";

const DATAGRAM = "udp 10.0.0.4:3000 > 198.51.100.8:53 checksum=0";

test("bytes as captures show them are the packet that notation says", () => {
  const said = buildGivenPacket(parseGivenPacket(DATAGRAM));
  for (const text of [
    "hex 4500001c00000000401146920a000004c63364080bb8003500080000",
    "hex 45:00:00:1C 0000 0000 4011 4692\n0a00 0004 c633 6408  0bb8 0035 0008 0000",
  ]) {
    const packet = buildGivenPacket(parseGivenPacket(text));
    assert.deepEqual(packet, said);
    assert.equal(describePacket(packet), DATAGRAM);
  }
});

test("what are no pairs of digits is told with its column", () => {
  for (const text of ["hex ", "hex 4", "hex 45z0", "hex 45-00"]) {
    assert.throws(
      () => parseGivenPacket(text),
      (error) => error instanceof NotationError && error.column === 5 && error.text === text,
    );
  }
  assert.throws(() => parseGivenPacket("hexagon"), /expected a protocol/);
});
