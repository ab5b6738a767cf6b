// Samples of dropped packets as a capture, judged by tshark.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { samplesAsPcapng } from "../../src/insight/drops/pcapng.ts";
import { samples } from "../../src/insight/drops/samples.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { findProgram } from "../support/external-tool.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { ethernetInterface, gatewayOf, rawInterface } from "../support/gateway.ts";

const CONFIG = `
vpcs: { blue: { vni: 100 }, green: { vni: 200 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }] }
      green: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }] }
    acl: { rules: [{ name: no-telnet, from: blue, action: deny, match: { proto: tcp } }] }
`;
const FIELDS = [
  "frame.time_epoch",
  "frame.interface_name",
  "frame.len",
  "frame.cap_len",
  "vxlan.vni",
  "ip.dst",
  "frame.comment",
];

test("tshark reads samples, with their comments", (t) => {
  const tshark = findProgram(t, "tshark", "to read what was written");
  if (tshark === undefined) return;
  const gateway = gatewayOf(CONFIG);
  const wire = ethernetInterface(gateway, { name: "wire" });
  const green = rawInterface(gateway, "green");
  const packet = (text: string) => buildPacket(parsePacket(text));
  gateway.receive(
    wire,
    vxlanFrame(100, ethernetFrame(packet("tcp 10.0.0.4:1 > 198.51.100.8:23 syn len=1000"))),
  );
  gateway.run(1000);
  gateway.clear();
  gateway.receive(green, packet("udp 10.0.0.8:1 > 8.8.8.8:53"));
  gateway.run(2500);
  gateway.clear();
  const folder = mkdtempSync(join(tmpdir(), "isthmus-drops-"));
  try {
    const file = join(folder, "drops.pcapng");
    writeFileSync(file, samplesAsPcapng(samples(gateway), 1_700_000_000_000));
    const words = ["-r", file, "-T", "fields", ...FIELDS.flatMap((field) => ["-e", field])];
    const { stdout, stderr } = spawnSync(tshark, words, { encoding: "utf8" });
    assert.doesNotMatch(stderr, /malformed|corrupt|damaged/i);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    assert.deepEqual(rows, [
      [
        "1700000001.000000000",
        "wire",
        "1064",
        "256",
        "100",
        "172.30.8.2,198.51.100.8",
        "blue > green dropped at acl: acl-denied. A rule of the peering's ACL, or its default, denies the packet. Change the rule, or add one before it. Where: peering p, expose 1 of blue (test.yaml:6:24), expose 1 of green (test.yaml:7:25), acl rule no-telnet (test.yaml:8:20).",
      ],
      [
        "1700000002.500000000",
        "green",
        "28",
        "28",
        "",
        "8.8.8.8",
        "green > ? dropped at admit: no-peering. No peering of the sender's VPC covers this destination. Add an expose to a peer for this destination, or correct the address.",
      ],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
