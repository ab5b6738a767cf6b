// Programs of other people that a laboratory runs on its hosts.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Program → the Debian package that has it; scripts/setup.mjs installs them in a checkout. */
const PACKAGES = {
  ip: "iproute2",
  ping: "iputils-ping",
  curl: "curl",
  dig: "bind9-dnsutils",
  traceroute: "traceroute",
} as const;

export type Tool = keyof typeof PACKAGES;

const SETUP = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));

/** Installs those that are missing where that can be done, and says so on standard error. Gives a
 * sentence for each that is missing still. */
export function provideTools(tools: readonly Tool[] = Object.keys(PACKAGES) as Tool[]): string[] {
  const missing = tools.filter((tool) => !isOnPath(tool));
  if (missing.length > 0 && existsSync(SETUP)) {
    const words = [SETUP, `--tools=${missing.join(",")}`];
    spawnSync(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
  }
  return missing
    .filter((tool) => !isOnPath(tool))
    .map((tool) => `${tool} is missing: apt-get install ${PACKAGES[tool]}`);
}

/** Whether a program of that name can be started. */
export function isOnPath(program: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}
