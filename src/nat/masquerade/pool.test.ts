import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entries } from "../../../tests/support/entries.ts";
import { property } from "../../../tests/support/property.ts";
import { plainMemory } from "../../base/arena.ts";
import { seededRandom } from "../../base/random.ts";
import { DROP } from "../../packet/verdict.ts";
import { DESTINATION, FlowDraft, NEW_SOURCE, SOURCE } from "../../tables/flow-draft.ts";
import { HostTable } from "../../tables/host-table.ts";
import { MappingTable } from "../../tables/mapping-table.ts";
import { PortSet } from "../../tables/port-set.ts";
import {
  formatIpAddress,
  parseIpAddress,
  readIpAddress,
  writeIpAddress,
} from "../../wire/ip-address.ts";
import { normalise } from "../../wire/normalise.ts";
import type { Claim } from "../nat-mode.ts";
import { Refusals } from "../refusals.ts";
import { searchPort } from "./choose-port.ts";
import type { MasqueradeOptions } from "./options.ts";
import { MasqueradePool } from "./pool.ts";

const OPTIONS: MasqueradeOptions = {
  idleTimeoutMillis: undefined,
  ports: { first: 1024, last: 65_535 },
  portPreservation: false,
  portParity: false,
  mapping: "endpoint-independent",
  filtering: "address-and-port-dependent",
  allocation: "random",
  flowsPerHost: undefined,
};
const [TCP, UDP, ICMP] = [6, 17, 1];

interface World {
  readonly mappings: MappingTable;
  pool(
    text: string,
    options?: Partial<MasqueradeOptions>,
    claims?: readonly Claim[],
  ): MasqueradePool;
}

/** What the flows made so far are known by. */
const answers = new Set<string>();

function answerOf(draft: FlowDraft): string {
  const { bytes, newSourcePort, newDestinationPort } = draft;
  return `${bytes.slice(NEW_SOURCE, NEW_SOURCE + 32)} ${newSourcePort} ${newDestinationPort}`;
}

function makeWorld(sequential = true, capacity = 70_000): World {
  const hashKey = { k0: 1, k1: 2 };
  const mappings = new MappingTable({ flows: capacity / 2, memory: plainMemory, hashKey });
  const hostTable = new HostTable({ capacity, memory: plainMemory, hashKey });
  const state = {
    mappings,
    random: seededRandom(7),
    sequential,
    settle: () => {},
    refusals: new Refusals(),
    hosts: () => hostTable,
    inUse: (draft: FlowDraft) => answers.has(answerOf(draft)),
  };
  return {
    mappings,
    pool(text, options = {}, claims = []) {
      const [included = "", excluded = ""] = text.split(" - ");
      const publics = normalise(entries(included), entries(excluded));
      const context = { state, vni: 100, peerVni: 200, claims: () => claims };
      const sides = { privates: entries("0.0.0.0/0 ::/0"), publics };
      return new MasqueradePool(sides, { ...OPTIONS, ...options }, context);
    },
  };
}

function draftOf(protocol: number, address: string, port: number): FlowDraft {
  const draft = new FlowDraft();
  draft.protocol = protocol;
  draft.from = 100;
  draft.to = 200;
  draft.v6 = address.includes(":");
  writeIpAddress(draft.bytes, SOURCE, parseIpAddress(address)!);
  draft.sourcePort = port;
  return draft;
}

/** "10.1.0.0:1024", or the drop code. */
function bind(pool: MasqueradePool, draft: FlowDraft): string | number {
  const problem = pool.bind(draft);
  if (problem !== 0) return problem;
  const address = readIpAddress(draft.bytes, NEW_SOURCE, draft.v6 ? 6 : 4);
  return `${formatIpAddress(address)}:${draft.newSourcePort}`;
}

test("M-25 TCP, UDP and ICMP have ports of their own; a released one is free again", () => {
  const { pool, mappings } = makeWorld();
  const three = pool("10.1.0.0/30 - 10.1.0.3/32");
  const tcp = draftOf(TCP, "1.1.0.1", 5000);
  assert.equal(bind(three, tcp), "10.1.0.0:1024");
  assert.equal(bind(three, draftOf(UDP, "1.1.0.1", 5000)), "10.1.0.0:1024");
  assert.equal(bind(three, draftOf(ICMP, "1.1.0.1", 5000)), "10.1.0.0:0");
  mappings.release(tcp.mapping);
  assert.equal(bind(three, draftOf(TCP, "1.1.0.2", 1)), "10.1.0.0:1024");
});

test("M-26 two exposes on the same addresses never give the same endpoint", () => {
  const { pool } = makeWorld();
  const [one, two] = [pool("10.1.0.0/30"), pool("10.1.0.0/30")];
  assert.equal(bind(one, draftOf(TCP, "1.1.0.1", 5000)), "10.1.0.0:1024");
  assert.equal(bind(two, draftOf(TCP, "1.2.0.1", 5000)), "10.1.0.0:1025");
});

test("M-28 M-29 ports that another expose answers to are left alone, for its protocol", () => {
  const { pool } = makeWorld();
  const claims = [
    { protocol: TCP, publics: entries("10.1.0.0/32:1024-1279") },
    { protocol: TCP, publics: entries("10.1.0.0/32:1400") },
  ];
  const one = pool("10.1.0.0/32", {}, claims);
  const given = Array.from({ length: 200 }, (_, index) =>
    bind(one, draftOf(TCP, "1.1.0.1", 1 + index)),
  );
  assert.equal(given[0], "10.1.0.0:1280");
  assert.ok(given.includes("10.1.0.0:1399") && given.includes("10.1.0.0:1401"));
  assert.ok(!given.includes("10.1.0.0:1400"));
  assert.equal(bind(one, draftOf(UDP, "1.1.0.1", 1)), "10.1.0.0:1024");
});

test("M-31 M-32 an address has 64,512 ports; then none, and what is held stays", () => {
  const { pool, mappings } = makeWorld(false);
  const one = pool("10.1.0.0/32");
  const drafts = Array.from({ length: 64_512 }, (_, index) =>
    draftOf(UDP, `1.1.${index >> 15}.1`, index & 0x7fff),
  );
  const given = new Set(drafts.map((draft) => bind(one, draft)));
  assert.equal(given.size, 64_512);
  assert.equal(bind(one, draftOf(UDP, "1.1.9.9", 1)), DROP["no-free-port"].code);
  assert.equal(
    bind(one, draftOf(TCP, "1.1.9.9", 1))
      .toString()
      .split(":")[0],
    "10.1.0.0",
  );
  mappings.release(drafts[77]!.mapping);
  const again = bind(one, draftOf(UDP, "1.1.9.9", 1));
  assert.equal(again, `10.1.0.0:${drafts[77]!.newSourcePort}`);
});

test("a host's endpoints share one public address, and hosts spread over all", () => {
  const { pool } = makeWorld(false);
  const many = pool("10.1.0.0/24");
  const addressesOf = (host: string) =>
    new Set(
      Array.from(
        { length: 20 },
        (_, port) => String(bind(many, draftOf(UDP, host, 1 + port))).split(":")[0],
      ),
    );
  const hosts = Array.from({ length: 64 }, (_, host) => addressesOf(`1.1.0.${host}`));
  assert.ok(hosts.every((addresses) => addresses.size === 1));
  assert.ok(new Set(hosts.flatMap((addresses) => [...addresses])).size > 40);
});

test("ports may be limited, preserved, and of the same parity", () => {
  const { pool } = makeWorld();
  const limited = pool("10.1.0.0/32", { ports: { first: 5000, last: 5001 } });
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.1", 1)), "10.1.0.0:5000");
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.2", 1)), "10.1.0.0:5001");
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.3", 1)), DROP["no-free-port"].code);
  const kept = pool("10.1.0.1/32", { portPreservation: true });
  assert.equal(bind(kept, draftOf(UDP, "1.1.0.1", 4321)), "10.1.0.1:4321");
  assert.equal(bind(kept, draftOf(UDP, "1.1.0.2", 4321)), "10.1.0.1:1024");
  assert.equal(bind(kept, draftOf(UDP, "1.1.0.2", 80)), "10.1.0.1:1025");
  const paired = pool("10.1.0.2/32", { portParity: true });
  assert.equal(bind(paired, draftOf(UDP, "1.1.0.1", 7)), "10.1.0.2:1025");
  assert.equal(bind(paired, draftOf(UDP, "1.1.0.1", 9)), "10.1.0.2:1027");
  assert.equal(bind(paired, draftOf(UDP, "1.1.0.1", 8)), "10.1.0.2:1024");
});

const step = fc.record({
  release: fc.boolean(),
  protocol: fc.constantFrom(TCP, UDP, ICMP),
  host: fc.nat({ max: 4 }),
  port: fc.nat({ max: 4 }),
  pool: fc.nat({ max: 1 }),
});

property(
  "no public endpoint has two owners, and who holds one gets the same again",
  [fc.array(step, { maxLength: 80 }), fc.boolean()],
  (steps, sequential) => {
    const { pool, mappings } = makeWorld(sequential, 128);
    const ports = { first: 2000, last: 2008 };
    const pools = [pool("10.1.0.0/31", { ports }), pool("10.1.0.0/30", { ports })];
    const held = new Map<string, { endpoint: string; mapping: number }>();
    for (const { release, protocol, host, port, pool: which } of steps) {
      const key = `${protocol} ${host} ${port}`;
      const known = held.get(key);
      if (release) {
        if (known) mappings.release(known.mapping);
        held.delete(key);
        continue;
      }
      const draft = draftOf(protocol, `1.1.0.${host}`, port);
      const endpoint = `${protocol} ${bind(pools[which]!, draft)}`;
      if (!endpoint.includes(":")) continue;
      if (known) {
        // The smaller pool may have to give another one.
        mappings.release(known.mapping);
        if (which === 1) assert.equal(endpoint, known.endpoint);
      }
      const owner = [...held].find(([other, each]) => other !== key && each.endpoint === endpoint);
      assert.equal(owner, undefined);
      held.set(key, { endpoint, mapping: draft.mapping });
    }
    assert.equal(mappings.count, held.size);
  },
);

test("an endpoint that depends on the destination serves many destinations", () => {
  const { pool, mappings } = makeWorld();
  answers.clear();
  const ports = { first: 5000, last: 5001 };
  const one = pool("10.1.0.0/32", { ports, mapping: "address-and-port-dependent" });
  const give = (host: number, destination: number) => {
    const draft = draftOf(UDP, `1.1.0.${host}`, 7);
    draft.newDestinationPort = destination;
    const given = bind(one, draft);
    if (typeof given === "string") answers.add(answerOf(draft));
    return [given, draft.mapping] as const;
  };
  const [first, held] = give(1, 80);
  assert.equal(first, "10.1.0.0:5000");
  assert.equal(give(2, 81)[0], "10.1.0.0:5000");
  assert.equal(give(3, 80)[0], "10.1.0.0:5001");
  assert.equal(give(4, 80)[0], DROP["no-free-port"].code);
  assert.equal(give(4, 82)[0], "10.1.0.0:5000");
  assert.equal(mappings.count, 2);
  // An endpoint of one owner is not shared, and a shared one has no owner.
  const other = pool("10.1.0.0/32", { ports });
  assert.equal(bind(other, draftOf(UDP, "1.1.0.9", 7)), DROP["no-free-port"].code);
  for (let i = 0; i < 3; i++) mappings.release(held);
  assert.equal(bind(other, draftOf(UDP, "1.1.0.9", 7)), "10.1.0.0:5000");
  assert.equal(give(5, 83)[0], "10.1.0.0:5001");
});

for (const sequential of [true, false]) {
  test(`every public port serves a second destination too, ${sequential ? "in order" : "by chance"}`, () => {
    const { pool } = makeWorld(sequential);
    answers.clear();
    const ports = { first: 5000, last: 5999 };
    const one = pool("10.1.0.0/32", { ports, mapping: "address-and-port-dependent" });
    for (const destination of [80, 81]) {
      const given = new Set<string | number>();
      for (let i = 0; i < 1000; i++) {
        const draft = draftOf(UDP, "1.1.0.1", i);
        draft.newDestinationPort = destination;
        draft.tick = i;
        given.add(bind(one, draft));
        answers.add(answerOf(draft));
      }
      assert.equal(given.size, 1000);
      assert.ok(!given.has(DROP["no-free-port"].code));
    }
  });
}

test("a pool that is full for one destination is not searched again and again", () => {
  const set = new PortSet();
  const ports = { range: { first: 1024, last: 65_535 }, withheld: [] };
  for (let port = 1024; port <= 65_535; port++) set.take(port);
  const patience = { left: 70_000 };
  let asked = 0;
  const never = () => {
    asked++;
    return false;
  };
  assert.equal(searchPort(set, ports, 3000, -1, -1, never, patience), -1);
  assert.equal(asked, 64_512);
  assert.equal(searchPort(set, ports, 3000, -1, -1, never, patience), -1);
  assert.equal(asked, 64_512 + 256 + 70_000 - (64_512 - 256));
  assert.equal(searchPort(set, ports, 3000, -1, -1, never, patience), -1);
  assert.equal(asked, 64_512 + 512 + 70_000 - (64_512 - 256));
});

test("a host has as many flows as it may, and no more", () => {
  const { pool } = makeWorld();
  const limited = pool("10.1.0.0/32", { flowsPerHost: 2 });
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.1", 1)), "10.1.0.0:1024");
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.1", 1)), "10.1.0.0:1024");
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.1", 1)), DROP["host-flow-limit"].code);
  assert.equal(bind(limited, draftOf(UDP, "1.1.0.2", 1)), "10.1.0.0:1025");
});

test("one port each of many addresses is little to remember", () => {
  const world = makeWorld(false);
  const pool = world.pool("10.0.0.0/8");
  const before = process.memoryUsage().arrayBuffers;
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const draft = draftOf(UDP, formatIpAddress({ family: 4, value: 0x0b000000n + BigInt(i) }), 9);
    assert.equal(pool.bind(draft), 0);
    seen.add(formatIpAddress(readIpAddress(draft.bytes, NEW_SOURCE, 4)));
    world.mappings.release(draft.mapping);
  }
  assert.ok(seen.size > 3000 && seen.size <= 4096, `${seen.size} addresses`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000);
});

test("a stranger is let in to an endpoint in use, and leaves nothing at one that nobody has", () => {
  const { pool, mappings } = makeWorld();
  const open = pool("10.1.0.0/16", { filtering: "endpoint-independent" });
  assert.equal(bind(open, draftOf(UDP, "1.1.0.1", 9)), "10.1.0.0:1024");
  const ask = (target: string, port: number) => {
    const draft = draftOf(UDP, "5.5.5.5", 53);
    draft.from = 200;
    writeIpAddress(draft.bytes, DESTINATION, parseIpAddress(target)!);
    draft.destinationPort = port;
    const served = open.serves(draft.view, DESTINATION, false, UDP, port);
    assert.equal(served, open.receive(draft) === 0);
    return { served, known: mappings.knownSet(200, UDP, draft.view, DESTINATION, 4) >= 0 };
  };
  assert.deepEqual(ask("10.1.0.0", 1024), { served: true, known: true });
  assert.deepEqual(ask("10.1.0.0", 1025), { served: false, known: true });
  assert.deepEqual(ask("10.1.7.7", 1024), { served: false, known: false });
});
