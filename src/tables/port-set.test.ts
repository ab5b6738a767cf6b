import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/random.ts";
import { PortSet } from "./port-set.ts";

const PORTS = 65_536;

/** What a list of booleans says. */
function nextFree(taken: readonly boolean[], first: number, last: number): number {
  for (let port = first; port <= last; port++) if (!taken[port]!) return port;
  return -1;
}

test("the next free port is the one that a list finds, however many are taken", () => {
  const random = seededRandom(5);
  const set = new PortSet();
  const taken: boolean[] = new Array(PORTS).fill(false);
  const check = (what: string) => {
    for (let i = 0; i < 40; i++) {
      const first = i < 4 ? [0, 1023, 32_767, 65_535][i]! : random.below(PORTS);
      const last = i % 2 === 0 ? PORTS - 1 : first + random.below(PORTS - first);
      assert.equal(set.nextFree(first, last), nextFree(taken, first, last), `${what} ${first}`);
    }
  };
  const take = (port: number) => {
    set.take(port);
    taken[port] = true;
  };
  const release = (port: number) => {
    set.release(port);
    taken[port] = false;
  };
  for (let port = 0; port < 20; port++) take(port);
  check("a few");
  for (let port = 0; port < PORTS; port++) take(port);
  check("all");
  for (let i = 0; i < 200; i++) {
    const port = random.below(PORTS);
    release(port);
    assert.equal(set.isFree(port), true);
    check(`all but ${port}`);
    if (i % 3 !== 0) take(port);
  }
  for (let port = 0; port < PORTS; port++) if (random.below(2) === 0) release(port);
  check("half");
  for (let port = 0; port < PORTS; port++) release(port);
  check("none");
});
