// A second opinion on frames: what tshark finds wrong with them, in tunnels too.

import { spawnSync } from "node:child_process";

const CHECKS = ["ip", "tcp", "udp"].flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);
const bad = (...names: string[]) => names.map((name) => `${name}.checksum.status == "Bad"`);
const ERRORS = "icmp.type in {3, 4, 5, 11, 12} || icmpv6.type in {1..4}";
const FIELDS = ["frame.number", "frame.protocols", "_ws.col.Info"].flatMap((each) => ["-e", each]);

/**
 * One line for each frame of a capture file that has a bad checksum or is malformed: its number,
 * the protocols in it, and tshark's summary. TCP and UDP checksums of packets quoted in ICMP errors
 * count only with `quoted`: hosts quote what they received, and that is never finished where there
 * is no network card to do it (checksum-offload.ts). Throws an Error where tshark cannot read the
 * file.
 */
export function badPackets(file: string, { quoted = false } = {}): string[] {
  const transport = bad("tcp", "udp").join(" || ");
  const judged = quoted ? transport : `(${transport}) && !(${ERRORS})`;
  const filter = [...bad("ip", "icmp", "icmpv6"), "_ws.malformed", `(${judged})`].join(" || ");
  const words = ["-n", "-r", file, ...CHECKS, "-Y", filter, "-T", "fields", ...FIELDS];
  const { status, stdout, stderr, error } = spawnSync("tshark", words, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`tshark cannot read ${file}: ${stderr}`);
  return stdout.split("\n").filter(Boolean);
}
