// Real conversations (curl, dig, iperf3) through static NAT facing masquerade: what comes out is
// flawless, and the answers to it, replayed, are the captured answers byte for byte.

import assert from "node:assert/strict";
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { describe } from "../../src/cli/replay/describe.ts";
import { Replay, type Replayed } from "../../src/cli/replay/replay.ts";
import { type CapturedFrame, LINK_ETHERNET } from "../../src/drivers/capture.ts";
import { CaptureReader } from "../../src/drivers/pcap-read.ts";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { dissect } from "../../src/wire/dissect.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { findProgram } from "../support/external-tool.ts";
import { configOf } from "../support/gateway.ts";

const CONFIG = configOf(readFileSync("examples/static-masquerade.yaml", "utf8"));
const folder = mkdtempSync(join(tmpdir(), "isthmus-conversations-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const CAPTURE = "examples/captures/conversations.pcapng";
const ETHERNET = 14;
const SOURCE = ETHERNET + 12;
const DESTINATION = ETHERNET + 16;

interface Packet {
  readonly vpc: "blue" | "green";
  readonly nanos: bigint;
  readonly bytes: Uint8Array;
}

/** Packets of the capture: the client's as blue, the server's as green, as green sends them. */
function captured(): CapturedFrame[] {
  const reader = new CaptureReader();
  const frames = reader.push(new Uint8Array(readFileSync(CAPTURE)));
  assert.equal(reader.trouble, undefined);
  return frames.filter(({ bytes }) => bytes[ETHERNET] === 0x45);
}

function replay(packets: readonly Packet[]): { out: Uint8Array[]; file: Uint8Array } {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  const interfaces = {
    blue: writer.interface("blue", LINK_ETHERNET),
    green: writer.interface("green", LINK_ETHERNET),
  };
  for (const { vpc, nanos, bytes } of packets) {
    writer.packet({ iface: interfaces[vpc], nanos, bytes });
  }
  const out: Uint8Array[] = [];
  const result: Uint8Array[] = [];
  const output = new PcapngWriter((bytes) => result.push(bytes));
  output.interface("out", LINK_ETHERNET);
  const take = (replayed: Replayed) => {
    const { outcome, frame } = replayed;
    assert.equal(outcome.verdict, "sent", `${frame.nanos} ${describe(replayed)}`);
    assert.deepEqual(verifyChecksums(outcome.packet), []);
    out.push(outcome.frame.slice());
    output.packet({ iface: 0, nanos: frame.nanos, bytes: outcome.frame });
  };
  const work = new Replay({ config: CONFIG, map: new Map() }, take);
  work.push(Buffer.concat(chunks));
  work.end();
  assert.equal(work.trouble, undefined);
  return { out, file: Buffer.concat(result) };
}

/** Adds what changed to a checksum (RFC 1624, equation 3). */
function set16(view: DataView, at: number, value: number, checksums: readonly number[]): void {
  const old = view.getUint16(at);
  view.setUint16(at, value);
  for (const checksum of checksums) {
    let sum = (~view.getUint16(checksum) & 0xffff) + (~old & 0xffff) + value;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(checksum, ~sum & 0xffff);
  }
}

function parts(bytes: Uint8Array) {
  const { protocol = 0, l4 = 0 } = dissect(bytes.subarray(ETHERNET)) ?? {};
  return { protocol, l4: ETHERNET + l4, checksum: ETHERNET + l4 + (protocol === 6 ? 16 : 6) };
}

/** The server's packet as the server sends it to whom it thinks the client is: `request` as it
 * arrived there. */
function asServerSends(answer: Uint8Array, request: Uint8Array): Uint8Array {
  const bytes = answer.slice();
  const view = new DataView(bytes.buffer);
  const seen = new DataView(request.buffer, request.byteOffset);
  const { l4, checksum } = parts(bytes);
  const ip = ETHERNET + 10;
  for (const half of [0, 2]) {
    set16(view, SOURCE + half, seen.getUint16(DESTINATION + half), [ip, checksum]);
    set16(view, DESTINATION + half, seen.getUint16(SOURCE + half), [ip, checksum]);
  }
  set16(view, l4 + 2, seen.getUint16(parts(request).l4), [checksum]);
  return bytes;
}

function conversationOf(bytes: Uint8Array, fromClient: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const { protocol, l4 } = parts(bytes);
  const client = view.getUint32(fromClient ? SOURCE : DESTINATION);
  const [one, two] = [view.getUint16(l4), view.getUint16(l4 + 2)];
  return [protocol, client, ...(fromClient ? [one, two] : [two, one])].join(" ");
}

/** The frame without what a hop may change: TTL and checksums. */
function bare(bytes: Uint8Array): string {
  const copy = bytes.slice();
  const { checksum } = parts(copy);
  copy[ETHERNET + 8] = 0;
  for (const at of [ETHERNET + 10, checksum]) copy.fill(0, at, at + 2);
  return Buffer.from(copy).toString("hex");
}

test("hundreds of conversations go out and come back", (t) => {
  const frames = captured();
  const isClient = (bytes: Uint8Array) => bytes[SOURCE] === 10;
  const requests = frames.filter(({ bytes }) => isClient(bytes));
  const first = replay(
    requests.map(({ nanos, bytes }) => ({ vpc: "blue" as const, nanos, bytes })),
  );
  const arrived = new Map<string, Uint8Array>();
  requests.forEach(({ bytes }, index) => {
    arrived.set(conversationOf(bytes, true), first.out[index]!);
  });
  assert.ok(arrived.size > 300, `${arrived.size} conversations`);
  const endpoints = [...arrived.values()].map((bytes) => conversationOf(bytes, true));
  assert.equal(new Set(endpoints).size, arrived.size, "no endpoint serves two conversations");
  const both = frames.map(({ nanos, bytes }): Packet => {
    if (isClient(bytes)) return { vpc: "blue", nanos, bytes };
    const request = arrived.get(conversationOf(bytes, false));
    assert.ok(request);
    return { vpc: "green", nanos, bytes: asServerSends(bytes, request) };
  });
  const second = replay(both);
  frames.forEach(({ bytes }, index) => {
    if (!isClient(bytes)) assert.equal(bare(second.out[index]!), bare(bytes));
  });
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const file = join(folder, "out.pcapng");
  writeFileSync(file, second.file);
  const checks = ["ip", "tcp", "udp"].flatMap((each) => ["-o", `${each}.check_checksum:TRUE`]);
  const flaw = ["ip", "tcp", "udp"].map((each) => `${each}.checksum.status==0`).join(" || ");
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  };
  const judge = (filter: string) =>
    execFileSync("tshark", ["-r", file, ...checks, "-Y", filter], options).trim();
  assert.equal(judge(`${flaw} || _ws.malformed`), "");
  assert.ok(judge("tcp.checksum.status==1").split("\n").length > 1000);
});
