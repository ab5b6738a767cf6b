// Brings what is missing, then runs a script with the project's own Node:
//
//   node scripts/setup.mjs [--tools[=program,…]] [script.ts [arguments…]]
//
// Plain JavaScript that Node 20 understands, since that may be all the machine has. Installs the
// npm packages of package-lock.json (Node 26 is one of them) and, with --tools, the Debian packages
// that some tests need, or those of the programs given. Says what it installs and why; says
// nothing when nothing is missing.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/.bin/node`;
const lock = `${root}.setup-lock`;
/** Programs, what each is for, and the Debian package that brings it. */
const tools = [
  { program: "tshark", purpose: "a second opinion on the captures that replay writes" },
  { program: "chromium", purpose: "a browser, to run the core in" },
  { program: "ip", purpose: "network namespaces, to run live in", from: "iproute2" },
  { program: "ping", purpose: "hosts that look for each other", from: "iputils-ping" },
  { program: "curl", purpose: "hosts that ask web servers" },
  { program: "dig", purpose: "hosts that ask name servers", from: "bind9-dnsutils" },
  { program: "traceroute", purpose: "hosts that ask which way packets take" },
  { program: "iperf3", purpose: "hosts that send as much as they can" },
  { program: "nft", purpose: "the kernel's own NAT, to compare with", from: "nftables" },
];

class SetupError extends Error {}

/** npm writes its own copy of the lock file when an installation is complete. */
function packagesAreFresh() {
  const installed = `${root}node_modules/.package-lock.json`;
  if (!existsSync(node) || !existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
}

function installPackages() {
  if (packagesAreFresh()) return;
  say("installing the npm packages of package-lock.json, Node 26 among them, into node_modules");
  const flags = ["--include=dev", "--include=optional", "--prefer-offline"];
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"] };
  const { error, status } = spawnSync("npm", ["ci", ...flags, ...quiet], options);
  if (error) throw new SetupError(`npm cannot be started (${error.message}); it comes with Node`);
  if (status !== 0) throw new SetupError("npm ci failed; its message is above");
  if (!existsSync(node)) {
    throw new SetupError("there is a Node 26 package for Linux on x64 and arm64 only");
  }
}

function installTools(wanted) {
  const asked = wanted ? tools.filter(({ program }) => wanted.includes(program)) : tools;
  const missing = asked.filter(({ program }) => !onPath(program));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !onPath("apt-get")) {
    for (const { program, purpose } of missing) say(`${program} is missing (${purpose})`);
    say("run this as root where there is apt-get, or install it yourself");
    return;
  }
  for (const { program, purpose, from = program } of missing) {
    say(`installing the Debian package ${from} (${purpose})`);
    const install = ["install", "-y", "--no-install-recommends", from];
    if (apt(...install) || (apt("update") && apt(...install))) continue;
    say(`apt-get could not install ${from}; the tests that need it will say so`);
  }
}

function apt(...words) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patience = ["-o", "DPkg::Lock::Timeout=120"];
  return spawnSync("apt-get", [...patience, ...words], { env, stdio: "ignore" }).status === 0;
}

function onPath(program) {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}

/** Two setups at once, in two terminals, would break each other's node_modules. */
function locked(work) {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; !takeLock(); waited++) {
    if (waited === 0) say("another setup is at work here; waiting for it");
    Atomics.wait(clock, 0, 0, 200);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The lock holds the number of its owner's process, so that one left behind is recognised. */
function takeLock() {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw new SetupError(`cannot write here: ${error.message}`);
  }
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    if (owner > 0) process.kill(owner, 0);
  } catch (error) {
    if (error.code === "ESRCH") rmSync(lock, { force: true });
  }
  return false;
}

/** The script gets our input, output and signals; its exit code becomes ours. */
function runScript(words) {
  const env = {
    // What has been compiled once starts at once, and runs a little faster.
    NODE_COMPILE_CACHE: `${root}node_modules/.cache/isthmus`,
    ...process.env,
    PATH: `${root}node_modules/.bin:${process.env.PATH ?? ""}`,
  };
  const child = spawn(node, words, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
    // A terminal sends its signals to both of us already.
    const twice = process.stdin.isTTY && signal !== "SIGTERM";
    process.on(signal, () => twice || child.kill(signal));
  }
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

function say(sentence) {
  process.stderr.write(`setup: ${sentence}\n`);
}

try {
  const words = process.argv.slice(2);
  const [, wantsTools, programs] = words[0]?.match(/^(--tools)(?:=(.*))?$/) ?? [];
  if (wantsTools) words.shift();
  if (!packagesAreFresh()) locked(installPackages);
  if (wantsTools) locked(() => installTools(programs?.split(",")));
  if (words.length > 0) runScript(words);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
