import assert from "node:assert/strict";
import { test } from "node:test";
import type { System } from "./sys.ts";
import { Waiter } from "./waiter.ts";

const POLLIN = 1;
const POLLERR = 8;

/** A kernel in which the socket 7 has these events; which errors were taken off sockets. */
function scene(events: number) {
  let memory: Uint8Array = new Uint8Array(0);
  const cleared: number[] = [];
  const system = {
    eventfd: () => 3,
    addressOf: (bytes: Uint8Array) => {
      memory = bytes;
      return 0n;
    },
    poll: () => {
      new DataView(memory.buffer).setUint16(8 + 6, events, true);
      return 1;
    },
    getsockopt: (fd: number) => cleared.push(fd),
  };
  const waiter = new Waiter(system as unknown as System, [7]);
  assert.equal(waiter.wait(0), true);
  return cleared;
}

test("the error that a socket keeps when its interface goes down is taken off it", () => {
  assert.deepEqual(scene(POLLERR), [7]);
});

test("where there is something to receive as well the error is for whoever receives", () => {
  assert.deepEqual(scene(POLLERR | POLLIN), []);
});
