// The command line in memory: what is printed, and the exit codes that outsiders rely on.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CliIo } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

const GOOD =
  "vpcs: { a: { vni: 1 }, b: { vni: 2 } }\npeerings: { p: { peering: { a: { expose: [{ ips: [{ cidr: 10.1.0.0/16 }] }] }, b: { expose: [{ ips: [{ cidr: 10.2.0.0/16 }] }] } } } }\n";
const STORY = `story: passes
config: good.yaml
steps:
  - send: a udp 10.1.0.1:1 > 10.2.0.1:2
    expect: b udp 10.1.0.1:1 > 10.2.0.1:2
`;
const FILES: Readonly<Record<string, string>> = {
  "good.yaml": GOOD,
  // CAP_NET_ADMIN and no other.
  "/proc/self/status": "Name:\tnode\nCapEff:\t0000000000001000\nSeccomp:\t0\n",
  "bad.yaml": "vpcs: { a: { vni: 0 } }\n",
  "warned.yaml": GOOD.replace("cidr: 10.1.0.0/16 }", "cidr: 10.1.0.0/16 }, { not: 9.0.0.0/24 }"),
  "holds.yaml": STORY,
  "fails.yaml": STORY.replace("expect: b udp 10.1.0.1:1", "expect: b udp 10.1.0.9:1"),
  "unreadable.yaml": STORY.replace("steps", "stepz"),
  "crowded.yaml": `story: too many
config: good.yaml
steps:
  - batch:
${"      - a udp 10.1.0.1:1 > 10.2.0.1:2\n".repeat(257)}`,
  "refused.yaml": STORY.replace("good.yaml", "bad.yaml"),
  "inside.yaml": `${STORY}---
# Two mistakes.
story: refused in place
config:
  vpcs: { a: { vni: 0 },
    b: { vni: 2, nvi: 3 } }
steps: []
---
story: refused when reloaded
config: good.yaml
steps:
  - reload: { kind: GatewayAgent, spec: { vpcs: { a: { vni: 0 } } } }
`,
  "alias.yaml": `story: refused where the anchor is
config: good.yaml
steps:
  - reload: &wrong
      vpcs: { a: { vni: 0 } }
    refused: vpc/bad-vni
  - reload: *wrong
`,
  "badpacket.yaml": STORY.replace("10.2.0.1:2\n    expect", "10.2.0.1:99999\n    expect"),
  "mixed.yaml": `story: without steps\nconfig: good.yaml\n---\n${STORY.replace("good.yaml", "nowhere.yaml")}---\n${STORY}`,
  "nobody.yaml": STORY.replace("expect: b", "expect: c"),
  "unbound.yaml": STORY.replace("send: a udp 10.1.0.1:1", "send: a udp 10.1.0.1:$p"),
};

function run(...words: string[]) {
  const result = { out: "", err: "", code: 0 };
  const io: CliIo = {
    unread: false,
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error(`${path}: there is no such file`);
      return text;
    },
    openInput: () => assert.fail("no command here reads a capture"),
    openOutput: () => assert.fail("no command here writes one"),
    sameFile: (a, b) => a === b,
    exit: (code) => {
      result.code = Math.max(result.code, code);
    },
    stay: () => assert.fail("no command here goes on"),
    colour: false,
    columns: undefined,
    watched: false,
    now: () => 0,
    sleep: () => assert.fail("no command here waits"),
    onInterrupt: () => assert.fail("no command here waits"),
    variable: () => undefined,
  };
  main(words, io);
  return result;
}

test("who-was without a time is no answer", () => {
  const endpoint = "198.51.100.7:1";
  assert.equal(run("who-was", endpoint).code, 2);
  assert.equal(run("who-was", endpoint, "--at", "x", "--protocol", "sctp").code, 2);
  assert.equal(run("who-was", "--help").code, 0);
  assert.equal(run("show", "flows", "--limit", "0").code, 1);
});

test("check says nothing about a good file, and exits 0", () => {
  assert.deepEqual(run("check", "good.yaml"), { out: "", err: "", code: 0 });
});

test("check shows a mistake with its place, and exits 1", () => {
  const { out, code } = run("check", "bad.yaml");
  assert.equal(code, 1);
  assert.equal(
    out,
    `bad.yaml:1:14: error vpc/bad-vni: 0 is no VNI.
    Use a number from 1 to 16777215.
    1 | vpcs: { a: { vni: 0 } }
                     ^
1 error, 0 warnings
`,
  );
});

test("a warning does not fail the check", () => {
  const { out, code } = run("check", "warned.yaml");
  assert.equal(code, 0);
  assert.match(out, /warning expose\/useless-exclusion/);
});

test("check --json prints the issues", () => {
  const { out, code } = run("check", "--json", "good.yaml", "bad.yaml");
  assert.equal(code, 1);
  const [issue, ...more] = JSON.parse(out);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [issue.code, issue.severity, issue.path, issue.place],
    ["vpc/bad-vni", "error", "vpcs.a.vni", { file: "bad.yaml", line: 1, column: 14 }],
  );
});

test("check says of each file that it cannot be read, and checks the others", () => {
  const words = ["nowhere.yaml", "bad.yaml", "nor-here.yaml", "good.yaml"];
  const { out, err, code } = run("check", ...words);
  assert.equal(code, 1);
  assert.match(out, /bad\.yaml:1:14: error vpc\/bad-vni/);
  assert.match(err, /^isthmus: nowhere\.yaml: .*\nisthmus: nor-here\.yaml: .*\n$/);
  const asJson = run("check", "--json", ...words);
  assert.equal(asJson.code, 1);
  assert.deepEqual(
    JSON.parse(asJson.out).map((issue: { code: string }) => issue.code),
    ["vpc/bad-vni"],
  );
  assert.equal(run("check", "good.yaml", "nowhere.yaml").code, 1);
});

test("test exits 0, 1 or 2: all hold, one fails, one cannot be read", () => {
  assert.equal(run("test", "holds.yaml").code, 0);
  assert.equal(run("test", "holds.yaml", "fails.yaml").code, 1);
  assert.equal(run("test", "fails.yaml", "unreadable.yaml").code, 2);
  assert.match(run("test", "unreadable.yaml").err, /no key "stepz"; did you mean "steps"\?/);
  assert.equal(run("test", "nowhere.yaml").code, 2);
  assert.match(run("test", "crowded.yaml").err, /crowded\.yaml:4:5: a batch holds at most 256/);
  assert.match(run("test", "refused.yaml").err, /configuration is refused: 0 is no VNI/);
  assert.equal(run("test", "refused.yaml").code, 2);
});

test("a mistake in a configuration inside a story has its place in the story's file", () => {
  const { out, err, code } = run("test", "inside.yaml");
  assert.equal(code, 2);
  assert.match(out, /^ok {3}passes\n1 passed, 0 failed, 2 could not be read\n$/);
  assert.match(err, /^inside\.yaml:10:3: the configuration is refused: 0 is no VNI\.$/m);
  assert.match(err, /^inside\.yaml:10:16: error vpc\/bad-vni: .*\n.*\n {4}10 \| {3}vpcs: \{ a/m);
  assert.match(err, /^inside\.yaml:11:18: error shape\/unknown-key/m);
  assert.match(err, /^inside\.yaml:17:13: the configuration is refused/m);
  assert.match(err, /^inside\.yaml:17:56: error vpc\/bad-vni/m);
  assert.match(run("test", "alias.yaml").err, /^alias\.yaml:5:20: error vpc\/bad-vni/m);
  assert.match(run("test", "refused.yaml").err, /^refused\.yaml:2:9: .*\nbad\.yaml:1:14: error/m);
});

test("a story that cannot be read does not hide the others of its file", () => {
  const { out, err } = run("test", "mixed.yaml");
  assert.equal(out, "ok   passes\n1 passed, 0 failed, 2 could not be read\n");
  assert.match(
    err,
    /^mixed\.yaml:1:1: .*\nmixed\.yaml:5:9: nowhere\.yaml: there is no such file\n$/,
  );
});

test("a packet that cannot be read or built has its place in the story's file", () => {
  assert.match(run("test", "badpacket.yaml").err, /^badpacket\.yaml:4:30: .*port/);
  assert.match(run("test", "unbound.yaml").err, /^unbound\.yaml:4:11: \$p has no value yet/);
  assert.match(run("test", "nobody.yaml").err, /^nobody\.yaml:5:13: there is no VPC "c"/);
});

test("a failed story shows what was expected, what came, and the way", () => {
  const { out } = run("test", "fails.yaml");
  assert.match(out, /FAIL passes\n {5}fails\.yaml:4:5, step 1\n/);
  assert.match(out, /expected {2}b udp 10\.1\.0\.9:1 > 10\.2\.0\.1:2\n/);
  assert.match(out, /got {7}b udp 10\.1\.0\.1:1 .*the source is 10\.1\.0\.1, expected 10\.1\.0\.9/);
  assert.match(out, /packet 1 {2}admit {7}to b by p/);
});

test("test --json prints one record a story", () => {
  const records = JSON.parse(run("test", "--json", "holds.yaml", "fails.yaml").out);
  assert.deepEqual(records[0], {
    file: "holds.yaml",
    story: "passes",
    ok: true,
    step: null,
    expected: null,
    got: null,
  });
  assert.deepEqual([records[1].ok, records[1].step], [false, 1]);
});

test("schema prints a JSON Schema that knows the modes", () => {
  const schema = JSON.parse(run("schema").out);
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(
    ["vpcs", "peerings", "isthmus"].filter(
      (key) => !(key in schema.$defs.configuration.properties),
    ),
    [],
  );
  assert.match(JSON.stringify(schema), /"portForward"/);
});

test("check tells of a file that cannot be read, and checks the others", () => {
  const { out, err, code } = run("check", "nowhere.yaml", "bad.yaml");
  assert.equal(code, 1);
  assert.equal(err, "isthmus: nowhere.yaml: there is no such file\n");
  assert.match(out, /^bad\.yaml:1:14: error vpc\/bad-vni/);
});

test("every command has help, which shows no inner values", () => {
  const ours = ["check", "test", "replay", "run", "schema", "conformance", "demo", "completion"];
  const asking = [
    "show",
    "plan",
    "top",
    "apply",
    "confirm",
    "flows",
    "show flows",
    "flows kill",
    "who-was",
    "explain",
  ];
  for (const command of [...ours, ...asking]) {
    const { out, code } = run(...command.split(" "), "--help");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: isthmus ${command} `));
    assert.doesNotMatch(out, /default: \[\]|undefined/);
  }
  assert.match(run("--help").out, /Examples:\n {2}isthmus check gateway\.yaml/);
});

test("run says which capability is missing, and needs a file", () => {
  const { err, code } = run("run", "good.yaml");
  assert.equal(code, 1);
  assert.equal(
    err,
    "isthmus: run needs CAP_NET_RAW, which this process has not; start it as root\n",
  );
  assert.match(run("run", "-").err, /^isthmus: run needs a file/);
  assert.match(run("run", "good.yaml", "--log-level", "loud").err, /debug, info, warn, error/);
});

test("wrong words are answered with where to look", () => {
  assert.match(run("replay", "a", "b").err, /--output.*\nSee: isthmus replay --help\n$/);
  assert.match(run("check", "--jsno").err, /--json\?\)\nSee: isthmus check --help\n$/);
  assert.match(run("chekc").err, /\nSee: isthmus --help\n$/);
});

test("explain tells the steps, exits 0 for drops too, and 2 for what is no packet", () => {
  const udp = "udp 10.1.0.4:1 > 10.2.0.4:2";
  const sent = run("explain", "good.yaml", "--from", "a", udp, "--then", "reply");
  assert.equal(sent.code, 0);
  assert.match(sent.out, /admit .*it goes to b, by peering p\n/);
  assert.match(
    sent.out,
    /sent to b: udp 10.1.0.4:1 > 10.2.0.4:2\n[\s\S]*sent to a: udp 10.2.0.4:2 > 10.1/,
  );
  const dropped = run(
    "explain",
    "good.yaml",
    "--from",
    "a",
    "udp 10.1.0.4:1 > 10.3.0.4:2",
    "--json",
  );
  assert.equal(dropped.code, 0);
  assert.equal(JSON.parse(dropped.out).packets[0].drop.reason, "no-peering");
  for (const [words, complaint] of [
    [["--from", "a", "udp 10.1.0.4 10.2.0.4"], /the packet cannot be read: .*column/],
    [["--from", "c", udp], /There is no VPC "c"; there are a, b\./],
    [["--from", "a", udp, "--then", "hex 4"], /pairs of digits/],
  ] as const) {
    const { code, err } = run("explain", "good.yaml", ...words);
    assert.equal(code, 2);
    assert.match(err, complaint);
  }
});

test("conformance prints the rows of the RFCs asked for, and exits 0 when every MUST is met", () => {
  const { out, code } = run("conformance", "rfc5382");
  assert.equal(code, 0);
  assert.match(out, /^RFC 5382 {2}NAT of TCP\n\nREQ-1 +MUST +met +A private endpoint/);
  assert.match(out, /\n {2,}story: RFC 5382 REQ-2a: both sides open at once\n/);
  assert.match(out, /\nRFC 5382: \d+ met, [^\n]*\n$/);
  assert.doesNotMatch(out, /RFC 4787 {2}/);
});

test("conformance --json prints one record a row", () => {
  const records = JSON.parse(run("conformance", "--json", "4787", "5508").out);
  assert.deepEqual(
    [records[0].rfc, records[0].id, records[0].level, records[0].status],
    [4787, "REQ-1", "MUST", "met"],
  );
  assert.equal(records.at(-1).rfc, 5508);
  assert.match(records[0].reason, /^`mapping: /);
  assert.ok(records.some(({ reason }: { reason: string | null }) => reason === null));
});

test("conformance exits 1 when a MUST is not met, and for an RFC without a table", () => {
  const rows: { level: string; status: string }[] = JSON.parse(run("conformance", "--json").out);
  const open = rows.some(({ level, status }) => /^MUST/.test(level) && status === "not met");
  assert.equal(run("conformance").code, open ? 1 : 0);
  const { err, code } = run("conformance", "793");
  assert.equal(code, 1);
  assert.match(err, /No table is about "793"; there are 4787, 5382, /);
});

test("an unknown command is answered with the nearest, and exits 1", () => {
  const { err, code } = run("chekc");
  assert.equal(code, 1);
  assert.match(err, /Did you mean check\?/);
});
