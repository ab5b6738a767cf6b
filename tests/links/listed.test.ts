// Neighbors as they are listed, a page at a time, while others come and go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { finish } from "../../src/insight/work.ts";
import { buildQuestion } from "../../src/links/frames.ts";
import type { DataPath } from "../../src/live/data-path.ts";
import { type NeighborsAsked, neighbors } from "../../src/live/questions/neighbors.ts";
import { type LiveGateway, macOf } from "../support/live-gateway.ts";
import { CONFIG, HOST, ip, start } from "./blue-and-green.ts";

function workOf({ gateway }: LiveGateway, asked: NeighborsAsked) {
  return neighbors({ gateway } as DataPath, asked);
}

function pageOf(live: LiveGateway, asked: NeighborsAsked) {
  const { items, next } = finish(workOf(live, asked));
  return { hosts: items.map(({ vpc, address }) => `${vpc} ${address}`), next };
}

/** Hosts ask for the gateway, so it knows them: 10.0.0.`first` and so many behind it. */
function come(live: LiveGateway, port: "b0" | "g0", first: number, count: number): void {
  for (let last = first; last < first + count; last++) {
    live.now += 1000;
    live.send(port, buildQuestion(ip("10.0.0.1"), ip(`10.0.0.${last}`), macOf(HOST), undefined));
  }
}

function hosts(vpc: string, first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${vpc} 10.0.0.${first + index}`);
}

test("pages go on where the one before ended, of all VPCs or of one", () => {
  const live = start();
  come(live, "b0", 11, 3);
  come(live, "g0", 21, 2);
  const all = ["green 10.0.0.9", ...hosts("blue", 11, 3), ...hosts("green", 21, 2)];
  assert.deepEqual(pageOf(live, { first: 0, most: 6 }), { hosts: all, next: null });
  const first = pageOf(live, { first: 0, most: 5 });
  assert.deepEqual(first.hosts, all.slice(0, 5));
  const rest = pageOf(live, { first: first.next!, most: 5 });
  assert.deepEqual(rest, { hosts: all.slice(5), next: null });
  const green = pageOf(live, { vpc: "green", first: 0, most: 2 });
  assert.deepEqual(green.hosts, ["green 10.0.0.9", "green 10.0.0.21"]);
  const more = pageOf(live, { vpc: "green", first: green.next!, most: 2 });
  assert.deepEqual(more, { hosts: ["green 10.0.0.22"], next: null });
  assert.deepEqual(pageOf(live, { vpc: "red", first: 0, most: 2 }), { hosts: [], next: null });
  assert.deepEqual(pageOf(live, { first: 1e7, most: 2 }), { hosts: [], next: null });
});

test("whoever is there all the time is listed once, whatever comes and goes meanwhile", () => {
  const live = start();
  come(live, "g0", 101, 20);
  come(live, "b0", 11, 20);
  const seen: string[] = [];
  let first: number | null = 0;
  for (let pages = 0; first !== null; pages++) {
    assert.ok(pages < 30, "there is an end");
    const page = pageOf(live, { first, most: 3 });
    assert.ok(page.next === null || page.next > first);
    seen.push(...page.hosts);
    first = page.next;
    // All of green goes, and others take their numbers; a little later it is there again.
    if (pages === 1) live.apply("vpcs: { blue: { vni: 101 } }\n".concat(BLUE_ALONE));
    if (pages === 2) live.apply(CONFIG);
    if (pages > 2) come(live, "g0", 150 + pages, 1);
  }
  const blue = seen.filter((each) => each.startsWith("blue"));
  assert.deepEqual(blue, hosts("blue", 11, 20));
});

const BLUE_ALONE = `
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: blue, interface: b0, address: "2001:db8:1::1/64" }
`;

test("it stops for packets now and then, also where there is nobody", () => {
  const live = start();
  come(live, "b0", 11, 100);
  const work = workOf(live, { vpc: "blue", first: 0, most: 1000 });
  let stops = 0;
  while (!work.next().done) stops++;
  const limit = live.gateway.links!.neighborLimit;
  assert.ok(stops >= Math.floor(limit / 512) - 1 && stops >= 3, `${stops} of ${limit}`);
});
