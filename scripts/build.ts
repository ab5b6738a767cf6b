// `npm run build [-- FOLDER]`: the publishable package in dist/ or FOLDER. Nothing in this
// repository needs it; it exists because Node does not strip types inside node_modules.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_MIN } from "../src/cli/node-version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = path.resolve(root, "dist");
const target = path.resolve(process.argv[2] ?? dist);

/** What programs may import, and the file that answers. */
const EXPORTS = {
  "./config": "src/config/load",
  "./gateway": "src/gateway/gateway",
  "./nat-modes": "src/nat/modes",
  "./notation": "src/wire/notation",
  "./random": "src/base/random",
};
const COPIED = ["CHANGELOG.md", "LICENSE", "examples", "tests/conformance"];

function compile(): void {
  const compiler = `${root}node_modules/.bin/tsc`;
  const words = ["-p", `${root}tsconfig.build.json`, "--outDir", target];
  const { status } = spawnSync(compiler, words, { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/** Ours without what is for development; the compiled code runs where ES2024 does. */
function packageJson(): object {
  const own = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const { name, version, description, license, type, dependencies } = own;
  const entry = (file: string) => ({ types: `./${file}.d.ts`, default: `./${file}.js` });
  const exports = Object.entries(EXPORTS).map(([key, file]) => [key, entry(file)]);
  return {
    name,
    version,
    description,
    license,
    type,
    engines: { node: `>=${NODE_MIN}` },
    bin: { isthmus: "bin/isthmus.js" },
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    dependencies,
  };
}

/** npm links the command to this file, so it needs its first line and its permission. */
function makeExecutable(file: string): void {
  const code = readFileSync(file, "utf8").replace(/^#!.*\n/, "");
  writeFileSync(file, `#!/usr/bin/env node\n${code}`);
  chmodSync(file, 0o755);
}

/** Only our own dist/ is emptied; any other folder must be so already. */
function prepare(): void {
  if (target === dist) rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  if (readdirSync(target).length === 0) return;
  process.stderr.write(`${target} is not empty; give an empty folder\n`);
  process.exit(1);
}

prepare();
compile();
makeExecutable(`${target}/bin/isthmus.js`);
for (const name of COPIED) cpSync(`${root}${name}`, `${target}/${name}`, { recursive: true });
// Who has the package has no checkout, and other needs.
cpSync(`${root}scripts/package-readme.md`, `${target}/README.md`);
writeFileSync(`${target}/package.json`, `${JSON.stringify(packageJson(), null, 2)}\n`);
process.stdout.write(`built ${path.relative(process.cwd(), target) || target}\n`);
