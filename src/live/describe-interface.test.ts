import assert from "node:assert/strict";
import { test } from "node:test";
import type { Link } from "../drivers/linux/network-facts.ts";
import { describeInterface } from "./describe-interface.ts";

const PORT = { name: "eth1", vpc: undefined, driver: "af-packet" } as const;
const LINK: Link = {
  kind: "link",
  index: 7,
  name: "eth1",
  mtu: 9000,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 7),
  up: true,
  running: true,
};

test("an interface is up, down, or closed", () => {
  const { state, mac, mtuBytes, vpc } = describeInterface(PORT, LINK, undefined, true);
  assert.deepEqual([state, mac, mtuBytes, vpc], ["up", "02:00:00:00:00:07", 9000, null]);
  assert.equal(describeInterface(PORT, { ...LINK, running: false }, undefined, true).state, "down");
  assert.equal(describeInterface(PORT, LINK, undefined, false).state, "closed");
  const gone = describeInterface(PORT, undefined, undefined, false);
  assert.deepEqual([gone.state, gone.mac, gone.mtuBytes], ["closed", null, null]);
  assert.equal(gone.counters.received, 0);
});
