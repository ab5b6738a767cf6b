// What a running gateway cannot take over from a new configuration, it says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { configOf, gatewayOf } from "../support/gateway.ts";

const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };

test("another size of the flow table counts from the next start, and that is told", () => {
  const gateway = gatewayOf({ vpcs, gateway: { flowTableCapacity: 2 } });
  const apply = (flowTableCapacity: number) =>
    gateway.apply(configOf({ vpcs, gateway: { flowTableCapacity } })).notices;
  const told = ["gateway.flowTableCapacity is now 3: until a restart it stays 2."];
  assert.deepEqual(apply(2), []);
  assert.deepEqual(apply(3), told);
  assert.deepEqual(apply(3), told);
  assert.deepEqual(apply(2), []);
});
