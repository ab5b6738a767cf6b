// Samples of drops that came since somebody looked, while others come.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newSamples } from "../../src/insight/drops/new-samples.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { gatewayOf, rawInterface } from "../support/gateway.ts";

const CONFIG = "vpcs: { blue: { vni: 100 }, green: { vni: 200 } }";

/** Somebody looks again and again; packets are dropped in the midst of the first look, when it has
 * stopped so many times. */
function look(stops: number, most: number) {
  const gateway = gatewayOf(CONFIG);
  const [blue, green] = [rawInterface(gateway, "blue"), rawInterface(gateway, "green")];
  let now = 0;
  const drop = (iface: number, times: number) => {
    for (let i = 0; i < times; i++) {
      gateway.receive(iface, buildPacket(parsePacket("udp 10.0.0.4:5 > 10.0.0.8:53")));
      now += 1000;
      gateway.run(now);
      gateway.clear();
    }
  };
  drop(blue, 1);
  const told: number[] = [];
  let [after, lost] = [0, 0];
  const hear = (meanwhile: () => void) => {
    const work = newSamples(gateway, after, most);
    for (let stop = 1; ; stop++) {
      const { done, value } = work.next();
      if (done) {
        told.push(...value.samples.map(({ number }) => number));
        after = value.newest;
        lost += value.others;
        return stop;
      }
      if (stop === stops) meanwhile();
    }
  };
  const stopped = hear(() => {
    drop(green, 1);
    // So the first of them has its place given to the last.
    drop(blue, 8);
    drop(green, 2);
  });
  for (let i = 0; i < 3; i++) hear(() => {});
  return { told, lost, after, isOver: stopped <= stops };
}

for (const most of [1, 5]) {
  test(`no sample is told twice, whenever others come; told or counted (${most} at most)`, () => {
    let stops = 1;
    for (; !look(stops, most).isOver; stops++) {
      const { told, lost, after } = look(stops, most);
      assert.equal(after, 12);
      assert.deepEqual(
        told,
        [...new Set(told)].sort((a, b) => a - b),
        `stop ${stops}`,
      );
      assert.equal(told.length + lost, after, `stop ${stops}`);
    }
    assert.ok(stops > 2);
  });
}
