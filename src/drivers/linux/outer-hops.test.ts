import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpAddress, type IpAddress, parseIpAddress } from "../../wire/ip-address.ts";
import { formatMac, parseMac } from "../../wire/mac.ts";
import { parsePrefix } from "../../wire/prefix.ts";
import { ASK_MILLIS, ASKED_MAX } from "./neighbor-asker.ts";
import type { Address, Change, Fact, Link, Neighbor, NextHop, Route } from "./network-facts.ts";
import { type NetworkTeller, OuterHops } from "./outer-hops.ts";
import { EPERM, SystemError } from "./system-error.ts";

const ip = (text: string): IpAddress => parseIpAddress(text)!;

function link(index: number, name: string, more: Partial<Link> = {}): Link {
  const mac = parseMac(`02:00:00:00:00:0${index}`)!;
  return { kind: "link", index, name, mtu: 1500, mac, up: true, running: true, ...more };
}

function hop(via: string | undefined, more: Partial<NextHop> = {}): NextHop {
  const gateway = via === undefined ? undefined : ip(via);
  return { link: 2, gateway, weight: 1, dead: false, ...more };
}

function route(to: string, hops: readonly NextHop[], more: Partial<Route> = {}): Route {
  const destination = parsePrefix(to)!;
  return { kind: "route", destination, type: "unicast", table: 254, metric: 0, hops, ...more };
}

function neighbor(address: string, mac: string, more: Partial<Neighbor> = {}): Neighbor {
  const bytes = parseMac(mac) ?? new Uint8Array(0);
  const known = { link: 2, address: ip(address), mac: bytes };
  return { kind: "neighbor", ...known, state: mac === "" ? "incomplete" : "reachable", ...more };
}

/** A kernel that says what it is told to say, and writes down what it is asked. */
class Teller implements NetworkTeller {
  readonly fd = 9;
  facts: Fact[];
  waiting: Change[] = [];
  askAgain = false;
  dumps = 0;
  asked: string[] = [];
  refuse = false;

  constructor(facts: readonly Fact[]) {
    this.facts = [...facts];
  }

  dump() {
    this.dumps++;
    const of = <T extends Fact>(kind: T["kind"]) =>
      this.facts.filter((fact): fact is T => fact.kind === kind);
    return {
      links: of<Link>("link"),
      addresses: of<Address>("address"),
      routes: of<Route>("route"),
      neighbors: of<Neighbor>("neighbor"),
    };
  }

  changes() {
    const told = { changes: this.waiting, askAgain: this.askAgain };
    this.waiting = [];
    this.askAgain = false;
    return told;
  }

  resolve(onLink: number, address: IpAddress) {
    if (this.refuse) throw new SystemError("rtnetlink resolve", EPERM);
    this.asked.push(`${onLink} ${formatIpAddress(address)}`);
  }

  /** `from` is not true any more; `to` is. */
  change(from: Fact | undefined, to: Fact | undefined) {
    this.facts = this.facts.filter((fact) => fact !== from);
    if (to !== undefined) this.facts.push(to);
    this.waiting.push(to ? { fact: to, gone: false } : { fact: from!, gone: true });
  }

  takeAsked(): string[] {
    return this.asked.splice(0);
  }
}

const ETH0 = link(1, "eth0");
const ETH1 = link(2, "eth1");
const NEAR = neighbor("172.30.0.254", "02:00:00:00:00:fe");
const ONLINK = route("172.30.0.0/24", [hop(undefined)]);
const DEFAULT = route("0.0.0.0/0", [hop("172.30.0.254")]);
const OWN: Address = { kind: "address", link: 2, address: ip("172.30.0.1"), prefixLength: 24 };
const FAR = ip("172.31.0.1");

function scene(facts: readonly Fact[], ...vteps: readonly string[]) {
  const teller = new Teller(facts);
  const hops = new OuterHops(teller, "eth1");
  hops.want(vteps.map(ip));
  const poll = (now: number) => hops.poll(now).map(formatIpAddress);
  const tell = (vtep: string) => {
    const found = hops.hop(ip(vtep));
    if (found === undefined) return hops.why(ip(vtep));
    assert.equal(hops.why(ip(vtep)), undefined);
    return `${formatMac(found.sourceMac)} > ${formatMac(found.destinationMac)}`;
  };
  return { teller, hops, poll, tell };
}

const BY_ROUTER = "02:00:00:00:00:02 > 02:00:00:00:00:fe";

test("a VTEP behind a router has the router's MAC address, one on the link its own", () => {
  const facts = [ETH0, ETH1, ONLINK, DEFAULT, NEAR, neighbor("172.30.0.9", "02:00:00:00:00:09")];
  const { poll, tell, teller } = scene(facts, "172.31.0.1", "172.30.0.9");
  assert.match(tell("172.31.0.1")!, /^there is no interface eth1$/);
  assert.deepEqual(poll(0), ["172.31.0.1", "172.30.0.9"]);
  assert.equal(tell("172.31.0.1"), BY_ROUTER);
  assert.equal(tell("172.30.0.9"), "02:00:00:00:00:02 > 02:00:00:00:00:09");
  assert.deepEqual(poll(1), []);
  assert.deepEqual(teller.asked, []);
  assert.equal(teller.dumps, 1);
});

const ROUTES: readonly [string, readonly Route[], string | RegExp][] = [
  ["no route", [], "no route leads to 172.31.0.1"],
  ["a route of another table", [{ ...DEFAULT, table: 100 }], "no route leads to 172.31.0.1"],
  [
    "the longest prefix",
    [
      route("172.31.0.0/24", [hop("172.30.0.254")]),
      route("172.31.0.0/16", [hop("172.30.0.7")]),
      route("0.0.0.0/0", [hop("172.30.0.7")]),
    ],
    BY_ROUTER,
  ],
  [
    "the lowest metric",
    [
      route("0.0.0.0/0", [hop("172.30.0.7")], { metric: 20 }),
      { ...DEFAULT, metric: 10 },
      route("0.0.0.0/0", [hop("172.30.0.7")], { metric: 10 }),
    ],
    BY_ROUTER,
  ],
  [
    "the longest prefix before the lowest metric",
    [
      route("172.31.0.0/16", [hop("172.30.0.254")], { metric: 20 }),
      route("0.0.0.0/0", [hop("172.30.0.7")]),
    ],
    BY_ROUTER,
  ],
  [
    "the machine's own addresses before all",
    [
      route("172.31.0.0/16", [], { type: "local", table: 255 }),
      route("172.31.0.1/32", [hop("172.30.0.254")]),
    ],
    "172.31.0.1 is an address of this machine",
  ],
  [
    "another interface",
    [route("172.31.0.0/16", [hop("10.0.0.1", { link: 1 })]), DEFAULT],
    "the route to 172.31.0.1, 172.31.0.0/16, goes by eth0 and not by eth1",
  ],
  [
    "no interface",
    [route("172.31.0.0/16", [])],
    "the route to 172.31.0.1, 172.31.0.0/16, goes by no interface and not by eth1",
  ],
  [
    "a blackhole",
    [route("172.31.0.0/16", [], { type: "blackhole" }), DEFAULT],
    "the route to 172.31.0.1, 172.31.0.0/16, leads nowhere: blackhole",
  ],
  [
    "of several hops the first at the underlay that is alive",
    [
      route("172.31.0.0/16", [
        hop("10.0.0.1", { link: 1 }),
        hop("172.30.0.7", { dead: true }),
        hop("172.30.0.254"),
        hop("172.30.0.7"),
      ]),
    ],
    BY_ROUTER,
  ],
  [
    "hops of which none is alive",
    [route("172.31.0.0/16", [hop("172.30.0.254", { dead: true })])],
    "the route to 172.31.0.1, 172.31.0.0/16, has no hop by eth1 that is alive",
  ],
];

for (const [what, routes, expected] of ROUTES) {
  test(`routes: ${what}`, () => {
    const wrong = neighbor("172.30.0.7", "02:00:00:00:00:07");
    const { poll, tell } = scene([ETH0, ETH1, NEAR, wrong, ...routes], "172.31.0.1");
    poll(0);
    assert.equal(tell("172.31.0.1"), expected);
  });
}

test("a router with an IPv6 address is one too", () => {
  const facts = [ETH1, route("0.0.0.0/0", [hop("fe80::1")])];
  const { poll, tell } = scene([...facts, neighbor("fe80::1", "02:00:00:00:00:fe")], "172.31.0.1");
  poll(0);
  assert.equal(tell("172.31.0.1"), BY_ROUTER);
});

test("changes of routes are followed where they matter, and nothing is read where they do not", () => {
  const second = neighbor("172.30.0.7", "02:00:00:00:00:07");
  const { teller, poll, tell } = scene([ETH1, DEFAULT, NEAR, second], "172.31.0.1");
  poll(0);
  const other = route("10.0.0.0/8", [hop("172.30.0.7")]);
  const policy = route("172.31.0.0/16", [hop("172.30.0.7")], { table: 100 });
  teller.change(undefined, other);
  teller.change(undefined, policy);
  assert.deepEqual(poll(1), []);
  assert.equal(teller.dumps, 1);
  const better = route("172.31.0.0/16", [hop("172.30.0.7")]);
  teller.change(undefined, better);
  assert.deepEqual(poll(2), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), "02:00:00:00:00:02 > 02:00:00:00:00:07");
  teller.change(better, undefined);
  assert.deepEqual(poll(3), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), BY_ROUTER);
  // Without a word.
  teller.facts = [ETH1, NEAR];
  assert.deepEqual(poll(4), []);
  teller.askAgain = true;
  assert.deepEqual(poll(5), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), "no route leads to 172.31.0.1");
});

test("the MAC addresses of neighbor and interface are followed", () => {
  const { teller, poll, tell } = scene([ETH1, DEFAULT, NEAR], "172.31.0.1", "172.31.0.2");
  poll(0);
  const moved = neighbor("172.30.0.254", "02:00:00:00:00:fd");
  teller.change(NEAR, moved);
  assert.deepEqual(poll(1), ["172.31.0.1", "172.31.0.2"]);
  assert.equal(tell("172.31.0.2"), "02:00:00:00:00:02 > 02:00:00:00:00:fd");
  teller.change(moved, { ...moved });
  assert.deepEqual(poll(2), []);
  teller.change(ETH1, link(2, "eth1", { mac: parseMac("02:00:00:00:00:22")! }));
  assert.deepEqual(poll(3), ["172.31.0.1", "172.31.0.2"]);
  assert.equal(tell("172.31.0.1"), "02:00:00:00:00:22 > 02:00:00:00:00:fd");
  assert.equal(teller.dumps, 2);
  // Of the same address at another link, nothing.
  teller.change(undefined, neighbor("172.30.0.254", "02:00:00:00:00:0e", { link: 1 }));
  assert.deepEqual(poll(4), []);
});

test("the interface may be off, unconnected, gone, and come again as another", () => {
  const { teller, hops, poll, tell } = scene([ETH0, ETH1, DEFAULT, NEAR], "172.31.0.1");
  poll(0);
  assert.deepEqual([hops.mtu, hops.up], [1500, true]);
  const unconnected = link(2, "eth1", { running: false, mtu: 9000 });
  teller.change(ETH1, unconnected);
  assert.deepEqual(poll(1), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), "eth1 is connected to nothing that is on");
  assert.deepEqual([hops.mtu, hops.up], [9000, false]);
  const off = link(2, "eth1", { up: false, running: false });
  teller.change(unconnected, off);
  poll(2);
  assert.equal(tell("172.31.0.1"), "eth1 is switched off");
  teller.change(off, undefined);
  poll(3);
  assert.equal(tell("172.31.0.1"), "there is no interface eth1");
  assert.deepEqual([hops.mtu, hops.up], [0, false]);
  assert.equal(hops.hop(FAR), undefined);
  teller.facts = [route("0.0.0.0/0", [hop("172.30.0.254", { link: 7 })]), { ...NEAR, link: 7 }];
  teller.change(undefined, link(7, "eth1"));
  assert.deepEqual(poll(4), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), "02:00:00:00:00:07 > 02:00:00:00:00:fe");
  const tunnel = link(7, "eth1", { mac: new Uint8Array(0) });
  teller.change(teller.facts.at(-1), tunnel);
  poll(5);
  assert.equal(tell("172.31.0.1"), "eth1 carries no Ethernet frames");
  const dumps = teller.dumps;
  teller.change(undefined, link(1, "eth0", { mtu: 1400 }));
  teller.change(undefined, { ...tunnel });
  poll(6);
  assert.equal(teller.dumps, dumps);
});

test("neighbors of other links, and such without a MAC address of Ethernet, are none", () => {
  const elsewhere = neighbor("172.30.0.254", "02:00:00:00:00:0e", { link: 1 });
  const { teller, poll, tell } = scene([ETH0, ETH1, DEFAULT, elsewhere], "172.31.0.1");
  const searched = "the neighbor 172.30.0.254 at eth1 is being looked for";
  poll(0);
  assert.equal(tell("172.31.0.1"), searched);
  teller.change(undefined, { ...NEAR, mac: new Uint8Array(0) });
  assert.deepEqual(poll(1), []);
  assert.equal(tell("172.31.0.1"), searched);
});

test("whoever is not wanted any more has no hop, and is told", () => {
  const { hops, poll } = scene([ETH1, DEFAULT, NEAR], "172.31.0.1", "172.31.0.2");
  poll(0);
  hops.want([ip("172.31.0.2"), ip("172.31.0.3")]);
  assert.deepEqual(poll(1), ["172.31.0.1", "172.31.0.3"]);
  assert.equal(hops.hop(FAR), undefined);
  assert.equal(hops.why(FAR), "172.31.0.1 has not been looked for yet");
});

test("a neighbor that is not known, old or silent is asked for once a second", () => {
  const { teller, poll, tell } = scene([ETH1, DEFAULT], "172.31.0.1", "172.31.0.2");
  const ASKED = ["2 172.30.0.254"];
  assert.deepEqual(poll(1000), []);
  assert.equal(tell("172.31.0.1"), "the neighbor 172.30.0.254 at eth1 is being looked for");
  assert.deepEqual(teller.takeAsked(), ASKED);
  poll(1000 + ASK_MILLIS - 1);
  assert.deepEqual(teller.takeAsked(), []);
  poll(1000 + ASK_MILLIS);
  assert.deepEqual(teller.takeAsked(), ASKED);
  let last: Neighbor | undefined;
  let now = 2000;
  const becomes = (state: Neighbor["state"], mac: string) => {
    const next = neighbor("172.30.0.254", mac, { state });
    teller.change(last, next);
    last = next;
    now += ASK_MILLIS;
    poll(now);
    return { asked: teller.takeAsked().length, told: tell("172.31.0.1") };
  };
  const searched = "the neighbor 172.30.0.254 at eth1 is being looked for";
  const silent = "the neighbor 172.30.0.254 at eth1 does not answer";
  const mac = "02:00:00:00:00:fe";
  assert.deepEqual(becomes("incomplete", ""), { asked: 1, told: searched });
  assert.deepEqual(becomes("reachable", mac), { asked: 0, told: BY_ROUTER });
  assert.deepEqual(becomes("stale", mac), { asked: 1, told: BY_ROUTER });
  assert.deepEqual(becomes("reachable", mac), { asked: 0, told: BY_ROUTER });
  assert.deepEqual(becomes("failed", mac), { asked: 1, told: silent });
  assert.deepEqual(becomes("none", mac), { asked: 1, told: searched });
  assert.deepEqual(becomes("permanent", mac), { asked: 0, told: BY_ROUTER });
  teller.change(last, undefined);
  assert.deepEqual(poll(now + ASK_MILLIS), ["172.31.0.1", "172.31.0.2"]);
  assert.equal(teller.takeAsked().length, 1);
});

test("one that comes and goes is not asked for more often", () => {
  const { teller, poll } = scene([ETH1, DEFAULT], "172.31.0.1");
  for (let now = 0; now < 10; now++) {
    teller.change(teller.facts[2], neighbor("172.30.0.254", now % 2 ? "" : "02:00:00:00:00:fe"));
    poll(now);
  }
  assert.equal(teller.asked.length, 1);
});

test("of very many so many are asked for in a second, each in its turn", () => {
  const vteps = Array.from({ length: 250 }, (_, i) => `172.30.0.${i}`);
  const { teller, poll } = scene([ETH1, ONLINK], ...vteps);
  const turns: number[] = [];
  for (let now = 0; now < 4 * ASK_MILLIS; now += ASK_MILLIS / 10) {
    poll(now);
    turns.push(teller.asked.length);
  }
  assert.deepEqual([turns[0], turns[9], turns[10], turns[19]], [100, 100, 200, 200]);
  assert.equal(turns.at(-1), 4 * ASKED_MAX);
  assert.equal(new Set(teller.asked.slice(0, 250)).size, 250);
});

test("a kernel that does not want to look is no exception, and told", () => {
  const { teller, poll, tell } = scene([ETH1, DEFAULT], "172.31.0.1");
  teller.refuse = true;
  poll(0);
  assert.match(tell("172.31.0.1")!, /is being looked for \(rtnetlink resolve: EPERM, .*\)$/);
  teller.refuse = false;
  poll(ASK_MILLIS);
  assert.match(tell("172.31.0.1")!, /is being looked for$/);
});

test("a VTEP that is not an address of this machine is told", () => {
  const { teller, hops, poll } = scene([ETH1, OWN]);
  poll(0);
  assert.equal(hops.whyNotOwn(ip("172.30.0.1")), undefined);
  assert.match(hops.whyNotOwn(FAR)!, /^172.31.0.1, the VTEP, is not an address of this machine$/);
  teller.change(OWN, undefined);
  poll(1);
  assert.notEqual(hops.whyNotOwn(ip("172.30.0.1")), undefined);
  assert.equal(teller.dumps, 2);
});

test("when reading fails it is tried again", () => {
  const { teller, hops, poll, tell } = scene([ETH1, DEFAULT, NEAR], "172.31.0.1");
  const { dump } = teller;
  teller.dump = () => {
    throw new SystemError("rtnetlink routes", EPERM);
  };
  assert.throws(() => hops.poll(0), { code: "EPERM" });
  teller.dump = dump;
  assert.deepEqual(poll(1), ["172.31.0.1"]);
  assert.equal(tell("172.31.0.1"), BY_ROUTER);
});

test("who takes another's place tells what is no more, and not what is the same", () => {
  const stays = [ETH1, ONLINK, neighbor("172.30.0.9", "02:00:00:00:00:09")];
  const first = scene([...stays, NEAR, DEFAULT], "172.31.0.1", "172.30.0.9");
  first.poll(0);
  const second = new OuterHops(new Teller(stays), "eth1", first.hops);
  second.want([FAR, ip("172.30.0.9")]);
  assert.deepEqual(second.poll(1), [FAR]);
});
