// What the gateway answers stands in the output of a replay, behind its cause, flawless.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LINK_ETHERNET } from "../../src/drivers/capture.ts";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { findProgram } from "../support/external-tool.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-answers-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `
vpcs: { v1: { vni: 100 }, v2: { vni: 200 } }
peerings:
  p:
    peering:
      v1: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }, { ips: [{ cidr: "2001:db8:1::/64" }] }] }
      v2: { expose: [{ ips: [{ cidr: 20.0.0.0/24 }] }, { ips: [{ cidr: "2001:db8:2::/64" }] }] }
isthmus:
  vpcs: { v1: { addresses: [10.0.0.254, "2001:db8:1::fe"] }, v2: { mtu: 1400 } }
`;

const TEXTS = [
  "udp 10.0.0.1:7 > 20.0.0.1:33434 ttl=1",
  "tcp 10.0.0.1:7 > 20.0.0.1:80 df len=1500",
  "udp [2001:db8:1::1]:7 > [2001:db8:2::1]:33434 ttl=1",
  "tcp [2001:db8:1::1]:7 > [2001:db8:2::1]:80 len=1500",
  "udp 10.0.0.1:7 > 20.0.0.1:53",
];

function writeCapture(file: string): void {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => chunks.push(bytes));
  const iface = writer.interface("wire", LINK_ETHERNET);
  for (const [index, text] of TEXTS.entries()) {
    const inner = ethernetFrame(buildPacket(parsePacket(text)));
    const nanos = BigInt(index) * 1_000_000_000n;
    writer.packet({ iface, nanos, bytes: vxlanFrame(100, inner) });
  }
  writeFileSync(file, Buffer.concat(chunks));
}

test("answers are written to the VPC they go to, and tshark finds them flawless", (t) => {
  if (!findProgram(t, "tshark", "to judge what replay writes")) return;
  const path = (name: string) => join(folder, name);
  writeCapture(path("in.pcapng"));
  writeFileSync(path("gateway.yaml"), CONFIG);
  const words = [path("gateway.yaml"), path("in.pcapng"), "-o", path("out.pcapng")];
  const { status, stdout } = spawnSync(
    "./isthmus",
    ["replay", ...words, "--log", path("log.jsonl")],
    { encoding: "utf8" },
  );
  assert.equal(status, 0);
  assert.match(stdout, /^sent +1\ndropped +4\n +t.*2\n +t.*2\nanswered by ICMP +4$/m);
  const tshark = (...more: string[]) =>
    execFileSync(
      "tshark",
      [
        "-r",
        path("out.pcapng"),
        "-o",
        "ip.check_checksum:TRUE",
        "-o",
        "udp.check_checksum:TRUE",
      ].concat(["-d", "udp.port==4789,vxlan"], more),
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
  const flaw =
    "ip.checksum.status==0 || icmp.checksum.status==0 || icmpv6.checksum.status==0 || _ws.malformed";
  // The quoted packets are cut, so their transport checksums cannot be judged.
  assert.equal(tshark("-Y", flaw), "");
  const fields = ["frame.interface_name", "icmp.type", "icmp.mtu", "icmpv6.type", "icmpv6.mtu"];
  const rows = tshark("-T", "fields", ...fields.flatMap((field) => ["-e", field]));
  assert.deepEqual(rows.split("\n").slice(0, -1), [
    "v1\t11\t\t\t",
    "v1\t3\t1400\t\t",
    "v1\t\t\t3\t",
    "v1\t\t\t2\t1400",
    "v2\t\t\t\t",
  ]);
  const [comment] = tshark("-T", "fields", "-e", "frame.comment").split("\n");
  assert.match(comment!, /^the gateway answered v1 with icmp .* about packet 1, dropped: ttl-exc/);
  const [line] = readFileSync(path("log.jsonl"), "utf8").split("\n");
  assert.match(JSON.parse(line!).answer, /^icmp 10\.0\.0\.254 > 10\.0\.0\.1 time-exceeded /);
});
