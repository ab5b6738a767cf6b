// A flood of dropped packets does not hide the others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drops } from "../../src/insight/drops/report.ts";
import { samples } from "../../src/insight/drops/samples.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { gatewayOf, rawInterface } from "../support/gateway.ts";

test("a million packets dropped for one reason leave the samples of a rare one alone", () => {
  const gateway = gatewayOf({ vpcs: { one: { vni: 1 }, two: { vni: 2 } } });
  const [first, second] = [rawInterface(gateway, "one"), rawInterface(gateway, "two")];
  const rare = (host: number) => buildPacket(parsePacket(`udp 10.0.0.1:5 > 10.0.0.${host}:0`));
  const flood = [
    buildPacket(parsePacket("udp 10.0.0.1:5 > 10.0.0.2:5")),
    buildPacket(parsePacket("udp 10.0.0.1:5 > 10.0.0.99:0")),
  ];
  let now = 0;
  let left = 1_000_000;
  for (let batch = 0; left > 0; batch++) {
    now += 1;
    if (batch % 500 === 0 && batch < 2500) gateway.receive(first, rare(1 + batch / 500));
    // From the same VPC for another reason, and for the same reason from another VPC.
    for (;;) {
      const odd = left & 1;
      if (!gateway.receive(odd === 0 ? first : second, flood[odd]!)) break;
      left--;
    }
    gateway.run(now);
    gateway.clear();
  }
  const rares = samples(gateway, { reason: "port-zero", from: "one" });
  assert.deepEqual(
    rares.map(({ packet: said }) => said),
    [5, 4, 3, 2, 1].map((host) => `udp 10.0.0.1:5 > 10.0.0.${host}:0`),
  );
  const floods = samples(gateway, { reason: "no-peering", from: "one" });
  assert.equal(floods.length, 8);
  const times = floods.map(({ millis }) => millis);
  for (const [i, millis] of times.slice(1).entries()) assert.ok(times[i]! - millis >= 100);
  assert.ok(now - times[0]! < 100 && now - times[7]! < 900);
  assert.equal(drops(gateway).total, gateway.counts().received);
});
