// NAT logs as others read them: a running gateway writes to a file and to sockets, and tshark
// dissects what a collector is sent.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { LINK_RAW } from "../../src/drivers/capture.ts";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { IpfixEncoder } from "../../src/live/nat-log/ipfix.ts";
import type { NatRecord } from "../../src/live/nat-log/record.ts";
import { syslogMessage } from "../../src/live/nat-log/syslog.ts";
import { ENDPOINTS, FLOWS } from "../../src/tables/flow-events.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { findProgram } from "../support/external-tool.ts";
import { NatEvents, NOON, natConfig } from "../support/nat-events.ts";
import { Running } from "./running.ts";

/** What flows of each kind leave behind. */
function someRecords(): NatRecord[] {
  const flows = new NatEvents(natConfig(), FLOWS, true);
  flows.send("blue", "tcp 10.0.0.4:3000 > 203.0.113.8:80 syn", 1000);
  flows.send("blue", "tcp [2001:db8:1::4]:3000 > [2001:db8:2::8]:80 syn", 2000);
  flows.gateway.sweep(256, 1_000_000);
  const endpoints = new NatEvents(natConfig(), ENDPOINTS);
  endpoints.send("blue", "udp 10.0.0.5:4000 > 203.0.113.8:53", 3000);
  endpoints.gateway.sweep(256, 1_000_000);
  endpoints.gateway.sweep(256, 1_000_000);
  return [...flows.records(1_000_000), ...endpoints.records(1_000_000)];
}

/** One JSON layer for each datagram, as tshark reads them when sent to that port. */
function dissect(
  t: TestContext,
  port: number,
  payloads: readonly Uint8Array[],
  ...words: readonly string[]
): string[] {
  const tshark = findProgram(t, "tshark", "to judge what is sent");
  if (tshark === undefined) return [];
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus log "));
  const file = path.join(folder, "log.pcapng");
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  const iface = writer.interface("log", LINK_RAW);
  for (const payload of payloads) {
    const hex = Buffer.from(payload).toString("hex");
    const length = 28 + payload.length;
    const packet = buildPacket(parsePacket(`udp 192.0.2.1:9999 > 192.0.2.9:${port} len=${length}`));
    packet.set(payload, packet.length - payload.length);
    assert.ok(Buffer.from(packet).toString("hex").endsWith(hex));
    writer.packet({ iface, nanos: 0n, bytes: packet });
  }
  writeFileSync(file, Buffer.concat(chunks));
  const out = execFileSync(tshark, ["-r", file, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  rmSync(folder, { recursive: true });
  return out.trimEnd().split("\n");
}

function fields(...names: readonly string[]): string[] {
  return ["-T", "fields", "-E", "separator=;", ...names.flatMap((name) => ["-e", name])];
}

test("tshark finds the records in IPFIX messages", (t) => {
  const records = someRecords();
  const messages = new IpfixEncoder().encode(records, NOON + 1_000_000);
  const payloads = messages.map(({ bytes }) => bytes);
  const [templates, data] = dissect(
    t,
    4739,
    payloads,
    "-d",
    "udp.port==4739,cflow",
    ...fields(
      "cflow.version",
      "cflow.sequence",
      "cflow.template_id",
      "cflow.nat_event",
      "cflow.nat_originating_address_realm",
      "cflow.protocol",
      "cflow.ingress_vrfid",
      "cflow.egress_vrfid",
      "cflow.srcaddr",
      "cflow.srcaddrv6",
      "cflow.srcport",
      "cflow.post_natsource_ipv4_address",
      "cflow.post_nat_source_ipv6_address",
      "cflow.dstaddr",
      "cflow.dstaddrv6",
      "cflow.dstport",
      "cflow.post_natdestination_ipv4_address",
      "cflow.flow_end_reason",
      "cflow.initiator_packets",
      "cflow.initiator_octets",
      "_ws.malformed",
    ),
  );
  if (templates === undefined) return;
  const ids = "256,257,258,259,260,261,262,263";
  assert.equal(templates, `10;0;${ids}${";".repeat(18)}`);
  const cells = data!.split(";");
  assert.deepEqual(cells.slice(0, 2), ["10", "0"]);
  assert.deepEqual(cells.slice(3), [
    "4,1,5,2,8,9",
    "1,1,1,1,1,1",
    "6,6,6,6,17,17",
    "101,101,101,101,101,101",
    "102,102,102,102,102,102",
    "10.0.0.4,10.0.0.4,10.0.0.5,10.0.0.5",
    "2001:db8:1::4,2001:db8:1::4",
    `3000,3000,3000,3000,4000,4000${cells[10]!.slice("3000,3000,3000,3000,4000,4000".length)}`,
    "198.51.100.7,198.51.100.7,198.51.100.7,198.51.100.7",
    "2001:db8:ff::7,2001:db8:ff::7",
    "203.0.113.8,203.0.113.8",
    "2001:db8:2::8,2001:db8:2::8",
    "80,80,80,80",
    "10.0.0.8,10.0.0.8",
    "1,1",
    "1,1",
    "40,60",
    "",
  ]);
});

test("tshark finds the times in IPFIX messages, to the millisecond", (t) => {
  const [first] = someRecords();
  const payloads = new IpfixEncoder().encode([first!], NOON).map(({ bytes }) => bytes);
  const [, time] = dissect(
    t,
    4739,
    payloads,
    "-d",
    "udp.port==4739,cflow",
    ...fields("cflow.observation_time_milliseconds"),
  );
  if (time !== undefined) assert.match(time, /Nov 25, 2026 12:00:01\.000000000/);
});

test("tshark reads syslog messages as RFC 5424", (t) => {
  const source = { facility: 16, hostname: "gw1", pid: 42 };
  const texts = someRecords().map((record) => syslogMessage(record, () => "blue", source));
  const names = [
    "syslog.facility",
    "syslog.level",
    "syslog.version",
    "syslog.timestamp",
    "syslog.hostname",
    "syslog.appname",
    "syslog.procid",
    "syslog.msgid",
  ];
  const payloads = texts.map((text) => new TextEncoder().encode(text));
  const [line, ...others] = dissect(t, 514, payloads, ...fields(...names));
  if (line === undefined) return;
  const [facility, level, version, , hostname, name, pid, id] = line.split(";");
  assert.deepEqual([facility, level, version], ["16", "6", "1"]);
  assert.deepEqual([hostname, name, pid], ["gw1", "isthmus", "42"]);
  // It does not tell structured data from what is before.
  assert.match(id!, /^flow-begin(?: \[isthmus@32473 protocol="tcp" .*\])?$/);
  assert.match(others.at(-1)!, /endpoint-end/);
});

test("a running gateway writes its log to a file, which may be renamed, and to collectors", async () => {
  const collector = createSocket("udp4");
  await once(collector.bind(0, "127.0.0.1"), "listening");
  const datagrams: Buffer[] = [];
  collector.on("message", (bytes) => datagrams.push(bytes));
  const { port } = collector.address();
  let log = "";
  const running = new Running("flow", (each) => {
    log = path.join(each.folder, "nat.jsonl");
    const to = [
      { file: log },
      { syslog: `udp://127.0.0.1:${port}` },
      { ipfix: `udp://127.0.0.1:${port}` },
    ];
    each.write(JSON.stringify({ ...natConfig(), isthmus: { natLog: { to } } }));
  });
  await running.says(/the gateway runs/);
  const until = Date.now() + 20_000;
  while (datagrams.length < 3 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  renameSync(log, `${log}.1`);
  running.kill("SIGHUP");
  await running.says(/configuration applied/);
  running.kill("SIGTERM");
  assert.equal(await running.exited, 0);
  collector.close();
  const [begin, flow] = readFileSync(`${log}.1`, "utf8").trimEnd().split("\n").map(parse);
  assert.deepEqual([begin.event, begin.start, begin.what], ["log-begin", true, "flows"]);
  assert.deepEqual([flow.event, flow.from, flow.to], ["flow-begin", "blue", "green"]);
  assert.equal(flow.source, "10.0.0.4:3000");
  assert.match(flow.public, /^198\.51\.100\.7:\d+$/);
  assert.equal(flow.destination, undefined);
  assert.ok(Math.abs(Date.parse(flow.time) - Date.now()) < 60_000);
  const [end] = readFileSync(log, "utf8").trimEnd().split("\n").map(parse);
  assert.deepEqual([end.event, end.stop], ["log-end", true]);
  const [syslog] = datagrams.filter((bytes) => bytes[0] === "<".charCodeAt(0)).map(String);
  assert.match(syslog!, /^<134>1 .* flow-begin \[isthmus@32473 .* source="10\.0\.0\.4:3000" /);
  const ipfix = datagrams.filter((bytes) => bytes.readUInt16BE(0) === 10);
  assert.ok(ipfix.length >= 2, "templates and data");
  await running.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: lines of any kind
function parse(line: string): any {
  return JSON.parse(line);
}
