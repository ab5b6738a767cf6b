import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena, plainMemory } from "../base/arena.ts";
import { buildVniTable } from "./vni-table.ts";
import { VpcFlows, VpcLimits } from "./vpc-flows.ts";

function limited(...limits: number[]): { limits: VpcLimits; set: (...limits: number[]) => void } {
  const all = new VpcLimits();
  const set = (...next: number[]) => {
    all.set(buildVniTable(next.map((_, vpc) => 100 + vpc)), Int32Array.from(next));
  };
  set(...limits);
  return { limits: all, set };
}

test("a flow that leaves twice leaves once", () => {
  const { limits } = limited(2, 0);
  const flows = new VpcFlows(8, new Arena(1024, plainMemory), limits);
  for (const flow of [0, 1]) flows.enter(flow, 100);
  assert.equal(limits.isFull(100), true);
  flows.leave(0);
  flows.leave(0);
  flows.enter(2, 100);
  assert.equal(limits.isFull(100), true);
});

test("a VPC without a limit, or that nobody knows, is never full", () => {
  const { limits } = limited(1, 0);
  const flows = new VpcFlows(8, new Arena(1024, plainMemory), limits);
  for (const flow of [0, 1, 2]) flows.enter(flow, 101);
  flows.enter(3, 7);
  assert.deepEqual(
    [100, 101, 7].map((vni) => limits.isFull(vni)),
    [false, false, false],
  );
});

test("flows that ended while nothing was counted are not taken off later", () => {
  const { limits, set } = limited(1);
  const flows = new VpcFlows(8, new Arena(1024, plainMemory), limits);
  flows.enter(5, 100);
  set(0);
  flows.leave(5);
  set(1);
  flows.clear();
  flows.enter(6, 100);
  flows.leave(5);
  assert.equal(limits.isFull(100), true);
});
