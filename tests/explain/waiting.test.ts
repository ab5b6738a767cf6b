// What a session tells: of fragments that wait, when it is decided what becomes of them; of answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExplainSession } from "../../src/insight/explain/session.ts";
import { configOf } from "../support/gateway.ts";

const CONFIG = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue:
        expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.1/32 }], nat: { masquerade: {} } }]
      green: { expose: [{ ips: [{ cidr: 198.51.100.0/24 }] }] }
`;
const LAST = "udp 10.0.0.4 > 198.51.100.8 frag=1480 id=7 len=120";
const FIRST = "blue: udp 10.0.0.4:3000 > 198.51.100.8:53 mf id=7 len=1500";

/** What is told after each of `texts`: of whom, and how it ended. */
function told(...texts: readonly string[]): string[][] {
  const session = new ExplainSession(configOf(CONFIG));
  const all = [session.explain(LAST, "blue"), ...texts.map((text) => session.next(text))];
  return all.map((some) =>
    some.map(({ given, waited, verdict }) => `${given} ${waited ? "waited" : "came"} ${verdict}`),
  );
}

test("when the first one comes, those that waited follow it", () => {
  assert.deepEqual(told(FIRST), [
    [`${LAST} came waiting`],
    [`${FIRST.slice(6)} came sent`, `${LAST} waited sent`],
  ]);
});

test("when time is over they are told by themselves, and nobody twice", () => {
  assert.deepEqual(told("wait 4s", "wait 1s", "wait 1h"), [
    [`${LAST} came waiting`],
    [],
    [`${LAST} waited fragment-timeout`],
    [],
  ]);
});

test("the answer to a first fragment is a whole packet", () => {
  assert.match(
    told(FIRST, "reply")[2]![0]!,
    /^udp 198\.51\.100\.8:53 > 192\.0\.2\.1:\d+ came sent$/,
  );
});

test("the answer to a query is its reply", () => {
  for (const query of ["echo", "timestamp"]) {
    const session = new ExplainSession(configOf(CONFIG));
    session.explain(`icmp 10.0.0.4 > 198.51.100.8 ${query}-request id=7`, "blue");
    const [reply] = session.next("reply");
    assert.match(reply!.sent[0]!, new RegExp(`^icmp 198.51.100.8 > 10.0.0.4 ${query}-reply id=7`));
  }
});

test("nobody waits for longer than clocks of flows can tell", () => {
  const session = new ExplainSession(configOf(CONFIG));
  session.explain("udp 10.0.0.4:3000 > 198.51.100.8:53", "blue");
  assert.throws(() => session.next("wait 8761h"), /a wait is 8760h at most/);
  assert.throws(() => session.next(`wait ${"9".repeat(400)}ms`), /a wait is 8760h at most/);
  assert.throws(() => session.next("wait long"), /a wait is a time such as 5m .*\(column 6 of/);
  session.next("wait 8759h30m");
  assert.equal(session.next("reply")[0]!.verdict, "no-flow");
});
