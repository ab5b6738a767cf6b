// What a machine must have before networks can be built on it.

import { spawnSync } from "node:child_process";

/** Why no laboratory can be opened here, as a sentence; undefined when one can. */
export function whyNoLab(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "root makes network namespaces, and this is not root";
  const { error } = spawnSync("ip", ["-V"]);
  if (error !== undefined) return "ip is missing: apt-get install iproute2";
  const { status, stderr } = spawnSync("unshare", ["--net", "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `no network namespace can be made: ${stderr.trim()}`;
}
