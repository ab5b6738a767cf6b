// The program `ip`, of iproute2: lines as one would type them, many at once.

import { spawnSync } from "node:child_process";

/** Lines for `ip -batch`, in the namespace of the calling thread. Throws an Error that shows the
 * lines and what `ip` said. */
export function ip(...lines: readonly string[]): void {
  batch("ip", [], lines);
}

/** The same in a namespace, which must exist. */
export function ipIn(namespace: string, ...lines: readonly string[]): void {
  batch("ip", ["-n", namespace], lines);
}

/** Lines for `ip -batch` where one that fails does not keep the others from being done, and nothing
 * throws. */
export function ipAnyway(...lines: readonly string[]): void {
  const words = ["-force", "-batch", "-"];
  spawnSync("ip", words, { input: `${lines.join("\n")}\n`, stdio: ["pipe", "ignore", "ignore"] });
}

/** Lines for `bridge -batch` in a namespace: forwarding tables of bridges and of tunnels. */
export function bridgeIn(namespace: string, ...lines: readonly string[]): void {
  batch("bridge", ["-n", namespace], lines);
}

/** What `ip` with these words prints. */
export function ipShow(words: string): string {
  return spawnSync("ip", words.split(" "), { encoding: "utf8" }).stdout;
}

function batch(program: string, words: readonly string[], lines: readonly string[]): void {
  if (lines.length === 0) return;
  const options = { input: `${lines.join("\n")}\n`, encoding: "utf8" } as const;
  const { status, stderr, error } = spawnSync(program, [...words, "-batch", "-"], options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${[program, ...words].join(" ")}\n${options.input}${stderr}`);
}
