// What `npm run build` makes, as somebody gets it from a registry: packed, installed in an empty
// folder, run.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { root } from "./support/source-files.ts";

const CONSUMER = `
import { loadConfig } from "isthmus/config";
import { Gateway } from "isthmus/gateway";
import { natModes } from "isthmus/nat-modes";
import { buildPacket, parsePacket } from "isthmus/notation";
import { seededRandom } from "isthmus/random";

const gateway: Gateway = new Gateway({}, { random: seededRandom(1) });
const { config } = loadConfig("vpcs: { blue: { vni: 1 } }", "x.yaml", natModes);
if (config !== undefined) gateway.apply(config);
const iface = gateway.addInterface({ name: "i", link: "raw-ip", vpc: "blue", vxlan: false });
gateway.receive(iface, buildPacket(parsePacket("udp 10.0.0.4:1 > 10.0.0.8:2")));
gateway.run(0);
const verdict: string = gateway.outcome(0).verdict;
console.log(verdict);
`;

let folder = "";
/** npm and the installed command run with the Node that runs this. */
const env = {
  ...process.env,
  PATH: `${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
};

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "isthmus package "));
  run(root, process.execPath, "scripts/build.ts", `${folder}/built`);
  const packed = run(folder, "npm", "pack", "./built", "--silent").trim();
  writeFileSync(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--silent"];
  run(folder, "npm", "install", ...quiet, `./${packed}`);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Standard output; an exit code other than 0 fails the test. */
function run(cwd: string, program: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, env, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

function isthmus(...words: string[]): { status: number | null; output: string } {
  // npx tells of oddities in the user's own npm settings otherwise.
  const quiet = ["--no-install", "--loglevel=error"];
  const options = { cwd: folder, env, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync("npx", [...quiet, "isthmus", ...words], options);
  return { status, output: stdout + stderr };
}

test("the installed command accepts the examples that come with it", () => {
  const files = globSync("node_modules/isthmus/examples/*.yaml", { cwd: folder });
  assert.ok(files.length > 0);
  assert.deepEqual(isthmus("check", ...files), { status: 0, output: "" });
});

test("the installed command refuses a broken configuration", () => {
  cpSync(`${folder}/node_modules/isthmus/examples/broken`, `${folder}/broken`, { recursive: true });
  const [file = ""] = globSync("broken/*.yaml", { cwd: folder });
  const { status, output } = isthmus("check", file);
  assert.equal(status, 1, output);
  assert.match(output, /^broken\/.*\.yaml:\d+:\d+: error /);
});

test("the installed command finds what its demo shows", () => {
  const { status, output } = isthmus("demo", "--replay");
  assert.equal(status, 0, output);
  assert.match(output, /^received +\d+$/m);
  assert.match(output, /^ {2}npx isthmus replay /m);
});

test("the installed command knows the tables of conformance", () => {
  const { status, output } = isthmus("conformance", "5382");
  assert.equal(status, 0, output);
  assert.match(output, /^RFC 5382 .*\n\nREQ-1 /);
});

test("a Node that is too old is told so by the command, which has loaded nothing else by then", () => {
  const installed = `${folder}/node_modules/isthmus`;
  const imports = (file: string) =>
    [...readFileSync(`${installed}/${file}`, "utf8").matchAll(/^import\b.*"(.*)"/gm)].map(
      ([, name]) => name,
    );
  assert.deepEqual(imports("bin/isthmus.js"), ["../src/cli/node-version.js"]);
  assert.deepEqual(imports("src/cli/node-version.js"), []);
  const old = 'Object.defineProperty(process, "versions", { value: { node: "20.20.2" } });';
  const words = ["--import", `data:text/javascript,${old}`, `${installed}/bin/isthmus.js`, "demo"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  assert.equal(stderr, "isthmus needs Node 22 or newer; this is Node 20.20.2.\n");
  assert.deepEqual([status, stdout], [1, ""]);
});

test("the installed core can be used from a program, with its types", () => {
  writeFileSync(`${folder}/consumer.ts`, CONSUMER);
  const options = ["--module", "nodenext", "--target", "es2024", "--strict", "--types", "node"];
  const types = ["--typeRoots", `${root}node_modules/@types`];
  run(folder, `${root}node_modules/.bin/tsc`, "--noEmit", ...options, ...types, "consumer.ts");
  assert.equal(run(folder, process.execPath, "consumer.ts"), "no-peering\n");
});

test("the README of the package asks for the Node that the package asks for", () => {
  const read = (name: string) => readFileSync(`${folder}/node_modules/isthmus/${name}`, "utf8");
  const { engines, exports } = JSON.parse(read("package.json"));
  const readme = read("README.md");
  assert.deepEqual(readme.match(/Node \d+/g), [engines.node.replace(">=", "Node ")]);
  for (const name of readme.matchAll(/"isthmus(\/[\w-]+)"/g)) assert.ok(`.${name[1]}` in exports);
  for (const [, link = ""] of readme.matchAll(/\]\(([^)]+)\)/g)) {
    assert.ok(existsSync(`${folder}/node_modules/isthmus/${link}`), link);
  }
});

test("nothing of the tests is in the package", () => {
  const files = globSync("node_modules/isthmus/**", { cwd: folder });
  assert.deepEqual(
    files.filter((file) => /\.test\./.test(file)),
    [],
  );
});
