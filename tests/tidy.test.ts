// The house rules that a machine can check: docs/style.md says why they are what they are. Each
// message says where, and what to do.

import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { codeOnly, root, type SourceFile, sourceFiles } from "./support/source-files.ts";

/** Folder of src → what its files may import: folders, single files, npm packages, Node modules. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  packet: ["base", "wire"],
  tables: ["base", "wire"],
  config: ["base", "wire", "npm:yaml", "npm:zod"],
  nat: ["base", "wire", "config", "tables", "packet/verdict.ts", "npm:zod"],
  functions: ["base", "wire", "packet", "tables"],
  pipeline: ["base", "packet", "tables", "functions/network-function.ts"],
  links: ["base", "wire", "packet", "tables", "config"],
  drivers: ["base", "wire", "packet", "node:", "npm:koffi"],
  gateway: ["base", "wire", "packet", "tables", "config", "nat", "links", "functions", "pipeline"],
  insight: [
    "base",
    "wire",
    "packet",
    "tables",
    "config",
    "nat",
    "gateway",
    "pipeline",
    "functions/network-function.ts",
    "drivers/capture.ts",
    "drivers/pcapng-write.ts",
  ],
  live: [
    "base",
    "wire",
    "packet",
    "config",
    "nat/modes.ts",
    "tables/flow-events.ts",
    "tables/flow-timers.ts",
    "links",
    "drivers",
    "gateway/gateway.ts",
    "insight",
    "node:",
    "npm:pino",
    "npm:prom-client",
    "npm:fastify",
    "npm:zod",
  ],
  stories: ["base", "wire", "config", "nat/modes.ts", "gateway/gateway.ts", "gateway/outcome.ts"],
  lab: ["base", "wire", "config", "drivers", "node:", "npm:dns-packet"],
  cli: [
    "base",
    "wire",
    "config",
    "lab",
    "nat/modes.ts",
    "packet/verdict.ts",
    "packet/limits.ts",
    "drivers",
    "insight",
    "live",
    "stories",
  ],
};
/** More of the same, for the folders that people meet. */
const MAY_ALSO_IMPORT: Readonly<Record<string, readonly string[]>> = {
  stories: ["npm:yaml", "npm:zod", "packet/verdict.ts"],
  cli: ["gateway/gateway.ts", "gateway/outcome.ts", "npm:commander", "npm:zod", "node:"],
};
/** Whose folders are units that do not know each other. */
const SEPARATE = new Set(["functions", "nat"]);
/** What runs in a browser too. */
const NOT_CORE = new Set(["cli", "drivers", "lab", "live"]);

const LINES_MAX = 400;
const COLUMNS_MAX = 100;

const files = sourceFiles();
const product = files.filter((file) => /^src\//.test(file.path) && !isTest(file));

function isTest(file: SourceFile): boolean {
  return file.path.endsWith(".test.ts") || file.path.startsWith("tests/");
}

function folderOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function lines(file: SourceFile, code: string, found: (line: string) => boolean): string[] {
  return code.split("\n").flatMap((line, at) => (found(line) ? [`${file.path}:${at + 1}`] : []));
}

function none(places: readonly string[], advice: string): void {
  assert.deepEqual(places, [], `${advice}\n  ${places.join("\n  ")}`);
}

/** How an import looks in the table: "wire/port.ts", "npm:zod", "node:fs". */
function targetOf(file: SourceFile, imported: string): string {
  if (imported.startsWith(".")) {
    return path.posix.join(path.posix.dirname(file.path), imported).replace(/^src\//, "");
  }
  return imported.startsWith("node:") ? imported : `npm:${imported}`;
}

function allowed(from: string, target: string): boolean {
  const [fromFolder = "", fromUnit = ""] = from.split("/").slice(1);
  const [folder = "", unit = ""] = target.split("/");
  const table = [...(MAY_IMPORT[fromFolder] ?? []), ...(MAY_ALSO_IMPORT[fromFolder] ?? [])];
  if (folder === fromFolder) {
    const bothUnits = SEPARATE.has(folder) && !/\.ts$/.test(fromUnit) && !/\.ts$/.test(unit);
    return !bothUnits || unit === fromUnit;
  }
  if (target.startsWith("node:")) return table.includes("node:");
  return table.includes(folder) || table.includes(target);
}

test("every folder of src has its line in the table of layers", () => {
  const folders = new Set(product.map((file) => folderOf(file.path)));
  const missing = [...folders].filter((folder) => MAY_IMPORT[folder] === undefined);
  none(missing, "Give the folder a line in MAY_IMPORT (tests/tidy.test.ts) and in src/README.md:");
});

test("imports point down the layers", () => {
  const wrong = product.flatMap((file) =>
    file.imports
      .map((imported) => targetOf(file, imported))
      .filter((target) => !allowed(file.path, target))
      .map((target) => `${file.path} imports ${target}`),
  );
  none(wrong, "Move the code to the layer it needs, or hand it in from gateway/ (src/README.md):");
});

test("the library for system calls is loaded by whoever opens a Linux driver", () => {
  const wrong = product.flatMap((file) =>
    lines(file, file.text, (line) => /["']koffi["']/.test(line)).filter(
      (place) => !place.startsWith("src/drivers/linux/sys.ts:"),
    ),
  );
  none(wrong, "Take a System (src/drivers/linux/sys.ts) instead:");
});

test("the core asks nothing of Node", () => {
  // `process(batch)` is what a step does, and no global.
  const globals = /(?<![.\w])(?:Buffer|process(?!\()|setImmediate|require|__dirname|globalThis)\b/;
  const core = product.filter((file) => !NOT_CORE.has(folderOf(file.path)));
  const wrong = core.flatMap((file) => lines(file, file.code, (line) => globals.test(line)));
  none(wrong, "The core also runs in a browser; have it handed in, or do it in cli/ or drivers/:");
});

test("time, chance, the console and the exit code have one place each", () => {
  const owners: readonly [RegExp, RegExp, string][] = [
    [/\bDate\.now\b|\bperformance\./, /^src\/base\/clock\.ts$/, "take a Clock or a tick"],
    [/\bMath\.random\b|\bcrypto\b/, /^src\/base\/random\.ts$/, "take a Random"],
    [/\bconsole\.|\bprocess\.exit\b/, /^(?:src\/cli|bin)\//, "return it; cli/ speaks for us"],
  ];
  const wrong = owners.flatMap(([pattern, owner, advice]) =>
    product
      .filter((file) => !owner.test(file.path))
      .flatMap((file) => lines(file, file.code, (line) => pattern.test(line)))
      .map((place) => `${place}: ${advice}`),
  );
  none(wrong, "These have one owner each, so that every run can be repeated:");
});

test("a mode is named only in its own folder and in nat/modes.ts", () => {
  const names = globSync("src/nat/*/", { cwd: root }).map((folder) => path.basename(folder));
  const words = names.flatMap((name) => [name, name.replace(/-(.)/g, (_, c) => c.toUpperCase())]);
  const quoted = new RegExp(`"(?:${words.join("|")})"`);
  const wrong = product
    .filter((file) => !/^src\/nat\//.test(file.path))
    .flatMap((file) => lines(file, file.text, (line) => quoted.test(line)));
  none(wrong, "Ask the mode (NatMode) for the property that matters here, not for its name:");
});

/** The parts of a file on the data path that see packets, line numbers kept. */
function hotCode(file: SourceFile): string {
  const parts = file.code.split(
    /^(?=(?:export )?(?:abstract )?(?:function|class|const|interface) )/m,
  );
  let building = false;
  return parts
    .map((part) => {
      // A builder works for a new configuration, and what follows it in the file serves it.
      building ||= /^(?:export )?class \w*Builder\b/.test(part);
      const cold = building || /^(?:export )?function (?:build|write|check)/.test(part);
      return cold ? part.replace(/[^\n]/g, " ") : part;
    })
    .join("");
}

test("files on the data path make nothing and walk by index", () => {
  const never: readonly [RegExp, string][] = [
    [/\bfor \([^;]*\bof\b/, "loop by index"],
    [/\.(?:map|filter|forEach|flatMap|reduce|entries|slice|subarray)\(/, "loop by index"],
    [/\.\.\./, "no spread, no rest"],
    [/\b\d[\da-fx_]*n\b|\bBigInt\b/, "numbers of 32 bits"],
    [/\btry\b|\bthrow\b/, "write a verdict"],
    [/\?\./, "unset is a value of its column"],
    [/\basync\b|\bawait\b|\byield\b/, "the data path is synchronous"],
    [/\bDate\b|\bAtomics\b|\bMap\b/, "once a batch at most, and not here"],
    // A step's own functions stand inside its factory, so they are indented by four or more.
    [/^ {4,}.*(?:=>|\bfunction\b|return [[{]|[^:=] = [[{](?!.*\} =))/, "make it in the factory"],
  ];
  const hot = product.filter((file) => file.text.startsWith("// Data path."));
  assert.ok(hot.length > 20, "the files of the data path begin with the line // Data path.");
  const wrong = hot.flatMap((file) =>
    never.flatMap(([pattern, advice]) =>
      lines(file, hotCode(file), (line) => pattern.test(line)).map(
        (place) => `${place}: ${advice}`,
      ),
    ),
  );
  none(wrong, "A packet must cost no garbage (docs/style.md, Hot files):");
});

test("every step of the pipeline is on the data path", () => {
  const cold = product
    .filter((file) => /^src\/functions\/[^/]+\//.test(file.path))
    .filter((file) => !file.text.startsWith("// Data path."))
    .map((file) => file.path);
  none(cold, "Begin the file with the line // Data path. and keep to the rules of hot files:");
});

test("files are short enough to read at once", () => {
  const long = files
    .map((file) => ({ path: file.path, count: file.text.split("\n").length - 1 }))
    .filter(({ count }) => count > LINES_MAX)
    .map(({ path, count }) => `${path}: ${count} lines`);
  none(long, `Over ${LINES_MAX} lines is two ideas; give each its file:`);
});

test("lines are at most 100 columns", () => {
  // A sentence for people may be longer: it stands in one piece so that it can be searched for.
  const isSentence = (line: string) =>
    /^\s*(?:[\w"'.#-]+(?::| [?]*=) |const \w+ = |return |\? |: |\+ )?["'`].*["'`][,;)]*$/.test(
      line,
    );
  const long = files
    .filter((file) => !isTest(file))
    .flatMap((file) =>
      lines(file, file.text, (line) => line.length > COLUMNS_MAX && !isSentence(line)),
    );
  none(long, `Break the line before column ${COLUMNS_MAX}:`);
});

test("things have the names of the field, in full", () => {
  const words = /\b(?:src|dst|pkt|hdr)(?:[A-Z]\w*)?\b|\b\w+(?:Helper|Utils?|Manager|Impl)\b/;
  // config/ reads the short keys that users write.
  const code = files.filter((file) => folderOf(file.path) !== "config");
  const wrong = code.flatMap((file) => lines(file, file.code, (line) => words.test(line)));
  none(wrong, "Write source, destination, packet, header in full, and say what a thing is for:");
  const names = /(?:^|[/.-])(?:utils?|helpers?|common|misc)(?:[/.-]|$)/;
  const named = files.map((file) => file.path).filter((path) => names.test(path));
  none(named, "Name the file for the one thing inside:");
});

test("what is left to do has a number", () => {
  const left = /\b(?:TODO|FIXME|XXX|HACK)\b(?! ?\(#\d+\))/;
  const wrong = files
    .filter(({ path }) => path !== "tests/tidy.test.ts")
    .flatMap((file) => lines(file, file.text, (line) => left.test(line)));
  none(wrong, "Do it, or open an issue and write TODO(#number):");
});

test("modules export by name", () => {
  const wrong = product.flatMap((file) =>
    lines(file, file.code, (line) => /^export (?:default|\*)/.test(line)),
  );
  none(wrong, "Export the name, so that it is the same everywhere:");
});

test("each folder of src says what lives there", () => {
  const folders = globSync(["src/*/", "src/nat/*/"], { cwd: root });
  const silent = folders.filter((folder) => !existsSync(`${root}${folder}/README.md`));
  none(silent, "Write its README.md: what lives here, what it may use, how to test it alone:");
});

test("comments and strings are not mistaken for code", () => {
  const text = String.raw`a("b // c"); // d /* e */ const f = /"\/[/]/g; g('h \' i'); /* j */ k();`;
  assert.equal(codeOnly(text), `a(${" ".repeat(8)});${" ".repeat(text.length - 12)}`);
  const [before, after] = text.split(" // d /* e */");
  const code = codeOnly(`${before}\n${after}`).replace(/ +/g, " ");
  assert.equal(code, "a( );\n const f = ; g( ); k();");
});
