// `isthmus.natLog`: where a NAT log may go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

function load(natLog: object) {
  const text = JSON.stringify({ vpcs: { blue: { vni: 101 } }, isthmus: { natLog } });
  const { config, issues } = loadConfig(text, "", natModes);
  return { log: config?.natLog, issues: issues.map(({ code, path }) => `${code} ${path}`) };
}

for (const [to, expected] of [
  [{ file: "/var/log/nat.jsonl" }, { kind: "file", path: "/var/log/nat.jsonl" }],
  [{ file: "nat.jsonl" }, "bad-target isthmus.natLog.to[0].file"],
  [{ file: "/var/log/" }, "bad-target isthmus.natLog.to[0].file"],
  [{ ipfix: "udp://192.0.2.9:4739" }, { kind: "ipfix", host: "192.0.2.9", port: 4739 }],
  [{ ipfix: "udp://[2001:db8::9]:4739" }, { kind: "ipfix", host: "2001:db8::9", port: 4739 }],
  [{ ipfix: "udp://log.example:1" }, { kind: "ipfix", host: "log.example", port: 1 }],
  [{ ipfix: "udp://2001:db8::9:4739" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "udp://[192.0.2.9]:4739" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "udp://192.0.2.999:4739" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "udp://192.0.2.9:0" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "udp://192.0.2.9:65536" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "udp://192.0.2.9" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [{ ipfix: "tcp://192.0.2.9:4739" }, "bad-target isthmus.natLog.to[0].ipfix"],
  [
    { syslog: "udp://192.0.2.9:514" },
    { kind: "syslog", host: "192.0.2.9", port: 514, facility: 16 },
  ],
  [
    { syslog: "udp://192.0.2.9:514", facility: "daemon" },
    { kind: "syslog", host: "192.0.2.9", port: 514, facility: 3 },
  ],
  [{ file: "/a", facility: "daemon" }, "one-target isthmus.natLog.to[0].facility"],
  [{ file: "/a", ipfix: "udp://192.0.2.9:1" }, "one-target isthmus.natLog.to[0]"],
  [{}, "one-target isthmus.natLog.to[0]"],
] as const) {
  test(`NAT log to ${JSON.stringify(to)}`, () => {
    const { log, issues } = load({ to: [to] });
    if (typeof expected === "string") assert.deepEqual(issues, [`nat-log/${expected}`]);
    else {
      assert.deepEqual(issues, []);
      assert.deepEqual(log, { what: "flows", destinations: false, to: [expected] });
    }
  });
}

test("a NAT log needs a place, and a place is there once", () => {
  assert.deepEqual(load({ to: [] }).issues, ["nat-log/one-target isthmus.natLog.to"]);
  assert.deepEqual(load({}).issues, ["shape/missing isthmus.natLog.to"]);
  const twice = [{ file: "/a" }, { file: "/b" }, { file: "/a" }];
  assert.deepEqual(load({ to: twice }).issues, ["nat-log/duplicate isthmus.natLog.to[2]"]);
});

test("a key with a slip is told once", () => {
  const { issues } = load({ to: [{ fiel: "/a" }] });
  assert.deepEqual(issues, ["shape/unknown-key isthmus.natLog.to[0].fiel"]);
});

test("what and destinations; of endpoints there are no destinations", () => {
  const to = [{ file: "/a" }];
  const log = { what: "flows", destinations: true, to: [{ kind: "file", path: "/a" }] };
  assert.deepEqual(load({ to, what: "flows", destinations: true }).log, log);
  assert.deepEqual(load({ to, what: "endpoints", destinations: true }).issues, [
    "nat-log/no-destinations isthmus.natLog.destinations",
  ]);
  const wrong = load({ to, what: "everything" }).issues;
  assert.deepEqual(wrong, ["shape/wrong-value isthmus.natLog.what"]);
});
