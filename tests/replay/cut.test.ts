// Every fragment of what is cut stands in the output of a replay, behind the one before, flawless.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LINK_ETHERNET } from "../../src/drivers/capture.ts";
import { CaptureReader } from "../../src/drivers/pcap-read.ts";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { findProgram } from "../support/external-tool.ts";
import { Reassembler } from "../support/fragments.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-cut-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);

const CONFIG = `
vpcs: { v1: { vni: 100 }, v2: { vni: 200 } }
peerings:
  p:
    peering:
      v1: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      v2: { expose: [{ ips: [{ cidr: 20.0.0.0/24 }] }] }
isthmus: { vpcs: { v2: { mtu: 1400 } } }
`;

const TEXTS = [
  "udp 10.0.0.1:7 > 20.0.0.1:53 id=1 len=3000",
  "tcp 10.0.0.1:7 > 20.0.0.1:80 id=2 len=1400",
  "udp 10.0.0.1:7 > 20.0.0.1:53 id=3 len=60000",
];

function writeCapture(): void {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  const iface = writer.interface("wire", LINK_ETHERNET);
  for (const text of TEXTS) {
    const inner = ethernetFrame(buildPacket(parsePacket(text)));
    writer.packet({ iface, nanos: 1_000_000_000n, bytes: vxlanFrame(100, inner) });
  }
  writeFileSync(path("in.pcapng"), Buffer.concat(chunks));
  writeFileSync(path("gateway.yaml"), CONFIG);
}

function replay(): string {
  const files = [path("gateway.yaml"), path("in.pcapng"), "-o", path("out.pcapng")];
  const words = ["replay", ...files, "--log", path("log.jsonl")];
  const { status, stdout, stderr } = spawnSync("./isthmus", words, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("replay writes all fragments of a packet, and a host puts them together", () => {
  writeCapture();
  // 1,376 bytes of payload each: 3 fragments and 44.
  assert.match(replay(), /^received +3\nsent +3\ndropped +0\nfurther fragments +45\n/);
  const frames = new CaptureReader().push(readFileSync(path("out.pcapng")));
  assert.equal(frames.length, 48);
  const host = new Reassembler();
  const arrived = frames.flatMap(({ bytes }) => {
    const packet = bytes.slice(64);
    assert.deepEqual(verifyChecksums(bytes.slice(14)), []);
    assert.ok(packet.length <= 1400);
    return host.take(packet) ?? [];
  });
  assert.equal(host.incomplete, 0);
  for (const [index, packet] of arrived.entries()) {
    const sent = buildPacket(parsePacket(TEXTS[index]!.replace(" id=", " ttl=63 id=")));
    assert.equal(describePacket(packet, "full"), describePacket(sent, "full"));
    assert.deepEqual(packet, sent);
  }
  const log = readFileSync(path("log.jsonl"), "utf8").trim().split("\n");
  const { out, pieces, pieceFrames } = JSON.parse(log[0]!);
  assert.equal(out, "udp 10.0.0.1:7 > 20.0.0.1:53 mf");
  assert.equal(pieces.length, 2);
  assert.equal(pieceFrames[1], Buffer.from(frames[2]!.bytes).toString("hex"));
  assert.equal(JSON.parse(log[1]!).pieces, undefined);
});

test("tshark puts them together too, and says which packet they are of", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  writeCapture();
  replay();
  const tshark = (...more: string[]) => {
    const words = ["-r", path("out.pcapng"), "-o", "ip.check_checksum:TRUE"];
    const checks = ["-o", "udp.check_checksum:TRUE", "-d", "udp.port==4789,vxlan"];
    return spawnSync("tshark", [...words, ...checks, ...more], { encoding: "utf8" }).stdout;
  };
  const flaw = "ip.checksum.status==0 || udp.checksum.status==0 || _ws.malformed";
  assert.equal(tshark("-Y", flaw), "");
  const whole = tshark(
    "-Y",
    "ip.reassembled.length",
    "-T",
    "fields",
    "-e",
    "ip.reassembled.length",
  );
  assert.deepEqual(whole.trim().split("\n"), ["2980", "59980"]);
  const comments = tshark("-T", "fields", "-e", "frame.comment").split("\n");
  assert.match(comments[0]!, /^v1 udp .* became udp .* in v2, cut into 3 fragments, peering p, /);
  assert.match(comments[2]!, /^fragment 3 of 3 of packet 1: udp /);
});
