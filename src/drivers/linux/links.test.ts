import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinkEvent, Links, type LinkTeller } from "./links.ts";
import type { Change, Link } from "./network-facts.ts";

function link(index: number, name: string, more: Partial<Link> = {}): Link {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, index);
  return { kind: "link", index, name, mtu: 1500, mac, up: true, running: true, ...more };
}

function scene(there: readonly Link[], ...names: readonly string[]) {
  const teller = { there, waiting: [] as Change[], askAgain: false, reads: 0 };
  const netlink: LinkTeller = {
    fd: 9,
    links() {
      teller.reads++;
      return teller.there;
    },
    changes() {
      const told = { changes: teller.waiting, askAgain: teller.askAgain };
      teller.waiting = [];
      teller.askAgain = false;
      return told;
    },
  };
  const links = new Links(netlink, names);
  const say = (...changes: readonly [Link, "new" | "gone"][]) => {
    teller.waiting.push(...changes.map(([fact, what]) => ({ fact, gone: what === "gone" })));
    return links.poll().map(describe);
  };
  return { teller, links, say };
}

function describe(event: LinkEvent): string {
  return `${event.interface} ${event.what} ${event.link.index}`;
}

test("what is there at first is known and no event, and others are nobody's", () => {
  const { links, say } = scene([link(1, "a"), link(2, "b")], "a", "c");
  assert.deepEqual(
    [links.get("a")?.index, links.get("b"), links.get("c")],
    [1, undefined, undefined],
  );
  assert.deepEqual(say([link(2, "b", { mtu: 9 }), "new"]), []);
  assert.deepEqual(say([link(1, "a"), "new"]), []);
});

test("each change is told, in order, with what holds after it", () => {
  const { links, say } = scene([link(1, "a"), link(2, "b")], "a", "b");
  const off = { running: false, up: false };
  assert.deepEqual(say([link(1, "a", off), "new"], [link(1, "a"), "new"]), ["a down 1", "a up 1"]);
  assert.deepEqual(say([link(1, "a", { running: false }), "new"]), ["a down 1"]);
  assert.deepEqual(say([link(1, "a", off), "new"]), []);
  assert.equal(links.get("a")?.up, false);
  const other = { mac: Uint8Array.of(2, 0, 0, 0, 0, 9), mtu: 1400 };
  assert.deepEqual(say([link(1, "a", other), "new"], [link(2, "b", { mtu: 9000 }), "new"]), [
    "a mac 1",
    "a mtu 1",
    "a up 1",
    "b mtu 2",
  ]);
  assert.equal(links.get("b")?.mtu, 9000);
});

test("one that is deleted and made again is another", () => {
  const { links, say } = scene([link(1, "a")], "a");
  assert.deepEqual(say([link(1, "a"), "gone"]), ["a vanished 1"]);
  assert.equal(links.get("a"), undefined);
  assert.deepEqual(say([link(1, "a"), "gone"]), []);
  assert.deepEqual(say([link(7, "a"), "new"]), ["a appeared 7"]);
  assert.deepEqual(say([link(8, "a"), "new"]), ["a vanished 7", "a appeared 8"]);
  // Late news of the former one.
  assert.deepEqual(say([link(7, "a"), "gone"]), []);
  assert.equal(links.get("a")?.index, 8);
});

test("a name may go to another interface", () => {
  const { links, say } = scene([link(1, "a"), link(2, "x")], "a", "b");
  assert.deepEqual(say([link(1, "b"), "new"]), ["a vanished 1", "b appeared 1"]);
  assert.deepEqual(say([link(2, "a"), "new"]), ["a appeared 2"]);
  assert.deepEqual(say([link(1, "y"), "new"]), ["b vanished 1"]);
  assert.deepEqual([links.get("a")?.index, links.get("b")], [2, undefined]);
});

test("when messages were lost what differs is told", () => {
  const { teller, say } = scene([link(1, "a"), link(2, "b"), link(3, "c")], "a", "b", "c", "d");
  teller.there = [link(2, "a"), link(3, "c", { running: false }), link(4, "d")];
  teller.askAgain = true;
  assert.deepEqual(say(), [
    "a vanished 1",
    "b vanished 2",
    "a appeared 2",
    "c down 3",
    "d appeared 4",
  ]);
  assert.deepEqual(say(), []);
  assert.equal(teller.reads, 2);
});
