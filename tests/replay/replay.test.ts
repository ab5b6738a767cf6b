// The replay command on the bundled captures, with tshark as the judge of what it writes.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { captures } from "../../scripts/make-captures.ts";
import { findProgram } from "../support/external-tool.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-replay-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const STATIC = ["examples/static-both.yaml", "examples/captures/static-both.pcap"];

function isthmus(...words: string[]) {
  return spawnSync("./isthmus", words, { encoding: "utf8" });
}

function tshark(file: string, ...words: string[]): string {
  const checks = ["ip", "tcp", "udp"].flatMap((each) => ["-o", `${each}.check_checksum:TRUE`]);
  const args = ["-r", file, ...checks, "-d", "udp.port==4789,vxlan", ...words];
  return execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

const FLAW = [
  "ip.checksum.status==0",
  "tcp.checksum.status==0",
  "udp.checksum.status==0",
  "icmp.checksum.status==0",
  "icmpv6.checksum.status==0",
  "_ws.malformed",
].join(" || ");

test("the bundled captures are what the script makes", () => {
  for (const [name, bytes] of captures()) {
    assert.deepEqual(new Uint8Array(readFileSync(`examples/captures/${name}`)), bytes);
  }
});

test("tshark finds every packet of a replay flawless", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const out = join(folder, "static.pcapng");
  const { status, stdout } = isthmus("replay", ...STATIC, "-o", out);
  assert.equal(status, 0);
  assert.match(stdout, /^received +27\nsent +21\ndropped +6$/m);
  assert.equal(tshark(out, "-Y", FLAW), "");
  const fields = ["-T", "fields", "-e", "vxlan.vni", "-e", "ip.src", "-e", "ip.dst"];
  const [first, second] = tshark(out, ...fields).split("\n");
  // Outer addresses first; fields of one name are apart by a comma.
  assert.equal(first, "102\t172.30.8.1,192.0.2.4\t172.30.8.2,10.0.0.4");
  assert.equal(second, "101\t172.30.8.1,198.51.100.4\t172.30.8.2,10.0.0.4");
  const comments = tshark(out, "-T", "fields", "-e", "frame.comment").trim().split("\n");
  const answers = comments.filter((comment) => comment.startsWith("the gateway answered blue "));
  assert.equal(answers.length, 1);
  const sent = comments.filter((comment) => !answers.includes(comment));
  assert.equal(sent.length, 21);
  for (const comment of sent) {
    assert.match(comment, / became .* in (blue|green), peering blue--green, expose 1 of /);
  }
});

test("tshark counts each checksum that it checked as good", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const out = join(folder, "good.pcapng");
  isthmus("replay", ...STATIC, "-o", out);
  const good = (protocol: string) =>
    tshark(out, "-Y", `${protocol}.checksum.status==1`).trim().split("\n").length;
  assert.deepEqual({ tcp: good("tcp"), icmp: good("icmp") }, { tcp: 11, icmp: 6 });
});

test("IPv6 on interfaces named like the VPCs", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const out = join(folder, "ipv6.pcapng");
  const { status } = isthmus(
    "replay",
    "examples/ipv6.yaml",
    "examples/captures/ipv6.pcapng",
    "-o",
    out,
  );
  assert.equal(status, 0);
  assert.equal(tshark(out, "-Y", FLAW), "");
  const names = tshark(out, "-T", "fields", "-e", "frame.interface_name").trim().split("\n");
  assert.deepEqual([...new Set(names)].sort(), ["blue", "green"]);
});

test("dropped packets are written on request, with reason and advice", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const out = join(folder, "dropped.pcapng");
  isthmus("replay", ...STATIC, "-o", out, "--dropped");
  const filter = ["-Y", 'frame.interface_name == "dropped"'];
  const lines = tshark(out, ...filter, "-T", "fields", "-e", "frame.comment")
    .trim()
    .split("\n");
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? "", /dropped: no-peering\. No peering .* Add an expose/);
  assert.ok(lines.some((line) => /\. Where: peering \S+/.test(line)));
  for (const line of lines) assert.doesNotMatch(line, /\.,/, "a sentence does not end in a list");
});

test("the table of VPC pairs has every packet that was sent or dropped", () => {
  const { stdout } = isthmus("replay", ...STATIC, "-o", join(folder, "pairs.pcapng"));
  const [, pairs = ""] = stdout.split("dropped\n");
  const rows = pairs.trim().split("\n");
  const cells = rows.map((row) => row.split(/ {2,}/));
  assert.deepEqual(
    cells.map(([pair, sent, , dropped]) => [pair, sent, dropped]),
    [
      ["blue > green", "12", "1"],
      ["green > blue", "9", "1"],
      ["blue > ?", "0", "3"],
      ["? > ?", "0", "1"],
    ],
  );
});

test("the log has a line a packet, and the numbers add up", () => {
  const [out, log] = [join(folder, "log.pcapng"), join(folder, "log.jsonl")];
  isthmus("replay", ...STATIC, "-o", out, "--log", log);
  const lines = readFileSync(log, "utf8").trim().split("\n");
  const records = lines.map((line) => JSON.parse(line));
  assert.equal(records.length, 27);
  assert.deepEqual(
    records.map(({ n }) => n),
    records.map((_, index) => index + 1),
  );
  assert.equal(records.filter(({ verdict }) => verdict === "sent").length, 21);
  const { frame, ...first } = records[0];
  assert.deepEqual(first, {
    n: 1,
    time: "2026-01-01T00:00:00.000000000Z",
    from: "blue",
    in: "tcp 10.0.0.4:30000 > 198.51.100.4:80 syn",
    verdict: "sent",
    reason: null,
    to: "green",
    out: "tcp 192.0.2.4:30000 > 10.0.0.4:80 syn",
  });
  assert.match(frame, /^[0-9a-f]+$/);
  const lost = records.find(({ verdict }) => verdict === "dropped");
  assert.deepEqual([lost.reason, lost.out, lost.frame], ["no-peering", null, null]);
});

test("what was written can be replayed through another gateway", () => {
  const [once, twice] = [join(folder, "once.pcapng"), join(folder, "twice.pcapng")];
  isthmus("replay", ...STATIC, "-o", once);
  const plain = join(folder, "plain.yaml");
  writeFileSync(
    plain,
    `vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  back:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }, { cidr: 198.51.100.0/24 }] }] }
      green: { expose: [{ default: true }] }
`,
  );
  const { status, stdout } = isthmus("replay", plain, once, "-o", twice);
  assert.equal(status, 0);
  assert.match(stdout, /^received +22$/m);
});

test("a cut capture gives what is whole, says where it stopped, and exits 1", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const cut = join(folder, "cut.pcap");
  const out = join(folder, "cut.pcapng");
  writeFileSync(cut, readFileSync(STATIC[1]!).subarray(0, 750));
  const { status, stderr } = isthmus("replay", STATIC[0]!, cut, "-o", out);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /stopped: the file ends in the middle of a packet .*at byte \d+, after packet 5/,
  );
  assert.equal(tshark(out).trim().split("\n").length, 5);
});

test("wrong words are told, and nothing is written over the capture", () => {
  const out = join(folder, "x.pcapng");
  const before = STATIC.map((file) => readFileSync(file));
  const cases: [string[], RegExp][] = [
    [["replay", ...STATIC, "-o", out, "--from", "red"], /no VPC "red"; there are blue, green/],
    [["replay", ...STATIC, "-o", out, "--map", "eth0"], /write INTERFACE=VPC/],
    [["replay", ...STATIC, "-o", STATIC[1]!], /is the capture itself/],
    [["replay", ...STATIC, "-o", STATIC[0]!], /is the configuration itself/],
    [["replay", ...STATIC, "-o", out, "--log", STATIC[1]!], /is the capture itself/],
    [["replay", ...STATIC, "-o", out, "--log", STATIC[0]!], /is the configuration itself/],
    [["replay", ...STATIC, "-o", out, "--log", out], /is the output itself/],
    [["replay", STATIC[0]!, "nowhere.pcap", "-o", out], /nowhere\.pcap: there is no such file/],
    [["replay", ...STATIC, "-o", "nowhere/x.pcapng"], /x\.pcapng: there is no such folder to/],
    [["replay", "examples/broken/names.yaml", STATIC[1]!, "-o", out], /vpc\/bad-vni/],
    [["replay", STATIC[0]!, "README.md", "-o", out], /neither a pcap nor a pcapng/],
  ];
  for (const [words, message] of cases) {
    const { status, stderr } = isthmus(...words);
    assert.equal(status, 1);
    assert.match(stderr, message);
  }
  assert.deepEqual(
    STATIC.map((file) => readFileSync(file)),
    before,
  );
});

test("frames without a tunnel belong to the VPC that is said", () => {
  const out = join(folder, "from.pcapng");
  const capture = "examples/captures/ipv6.pcapng";
  const words = ["--map", "blue=green", "--map", "green=blue"];
  const { stdout } = isthmus("replay", "examples/ipv6.yaml", capture, "-o", out, ...words);
  assert.match(stdout, /^received +6\nsent +0$/m);
});

test("the demo shows every packet and the sum", () => {
  const { status, stdout } = isthmus("demo", "--replay");
  assert.equal(status, 0);
  assert.match(stdout, /^ 27 /m);
  assert.match(
    stdout,
    /dropped: ttl-exceeded\n.*\n.*\n {2}-> blue {3}icmp .* time-exceeded \{ udp /,
  );
  assert.match(stdout, /^received +27$/m);
});
