// The MSS option wherever it stands: also where its value straddles the words of the checksum.

import assert from "node:assert/strict";
import { test } from "node:test";
import { updateChecksum } from "../../src/packet/checksum-update.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { gatewayOf, pass, rawInterface } from "../support/gateway.ts";

const CONFIG = {
  vpcs: { v1: { vni: 100 }, v2: { vni: 200 } },
  peerings: {
    p: {
      peering: {
        v1: { expose: [{ ips: [{ cidr: "10.0.0.0/24" }] }] },
        v2: { expose: [{ ips: [{ cidr: "20.0.0.0/24" }] }] },
      },
    },
  },
  isthmus: { clampMss: true, vpcs: { v2: { mtu: 1400 } } },
};

/** A SYN with these eight bytes of options. */
function synWith(options: readonly number[]): Uint8Array {
  const data = options.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  const packet = buildPacket(parsePacket(`tcp 10.0.0.1:1 > 20.0.0.1:2 syn data="${data}"`));
  const view = new DataView(packet.buffer, packet.byteOffset);
  const before = view.getUint16(32);
  view.setUint8(32, 0x70);
  updateChecksum(view, 36, before, view.getUint16(32));
  assert.deepEqual(verifyChecksums(packet), []);
  return packet;
}

const cases: readonly (readonly [string, readonly number[], string])[] = [
  ["first", [2, 4, 0x05, 0xb4, 1, 1, 1, 1], "0204055001010101"],
  ["at an odd place", [1, 2, 4, 0x05, 0xb4, 1, 1, 1], "0102040550010101"],
  ["behind another", [4, 2, 2, 4, 0xff, 0xff, 1, 0], "0402020405500100"],
  ["small enough", [1, 2, 4, 0x05, 0x50, 1, 1, 1], "0102040550010101"],
  ["behind the end of the list", [0, 2, 4, 0x05, 0xb4, 1, 1, 1], "00020405b4010101"],
  ["cut off", [1, 1, 1, 1, 1, 2, 4, 0x05], "0101010101020405"],
  ["of a wrong length", [2, 3, 0xff, 0xff, 0xff, 1, 1, 1], "0203ffffff010101"],
  ["behind an option that has no length", [8, 1, 2, 4, 0x05, 0xb4, 1, 1], "0801020405b40101"],
];

for (const [name, options, expected] of cases) {
  test(`an MSS ${name}`, () => {
    const gateway = gatewayOf(CONFIG);
    const { verdict, packet } = pass(gateway, rawInterface(gateway, "v1"), synWith(options));
    assert.equal(verdict, "sent");
    assert.equal(Buffer.from(packet.subarray(40)).toString("hex"), expected);
    assert.deepEqual(verifyChecksums(packet), []);
  });
}
