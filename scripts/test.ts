// `npm test`: types, style, then every test. `npm run test:unit` leaves out the slow part.
//
//   node scripts/test.ts [unit] [path…]
//
// Ends with what ran, in numbers, and one line "N passed, N failed".

import { execFileSync, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const words = process.argv.slice(2);
const unit = words[0] === "unit";
const paths = words.filter((word) => word !== "unit" && word !== "--");
/** Tests that start other programs or try very many inputs. */
const SLOW = /^tests\/(package|browser|fuzz|replay)/;

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
  stories: number;
  properties: number;
}

function tool(name: string, ...args: string[]): boolean {
  const began = performance.now();
  const { status } = spawnSync(`node_modules/.bin/${name}`, args, { stdio: "inherit" });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  return status === 0;
}

function testFiles(): string[] {
  const all = globSync(["src/**/*.test.ts", "tests/**/*.test.ts"]).sort();
  const wanted = all.filter((file) => !unit || !SLOW.test(file));
  if (paths.length === 0) return wanted;
  return all.filter((file) => paths.some((path) => file.startsWith(path)));
}

async function runTests(files: readonly string[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0, stories: 0, properties: 0 };
  const stream = run({ files: files.map((file) => `${root}${file}`), concurrency: 2 });
  for await (const { type, data } of stream) {
    if (type === "test:stderr" || type === "test:stdout") process.stdout.write(data.message);
    if (type !== "test:pass" && type !== "test:fail") continue;
    // A file that holds tests is reported like a test; only the tests in it count.
    if (type === "test:pass" && data.details.type === "suite") continue;
    if (data.skip !== undefined) {
      totals.skipped++;
      process.stdout.write(`skip ${data.name}: ${data.skip}\n`);
    } else if (type === "test:pass") {
      totals.passed++;
      if (data.name.startsWith("story: ")) totals.stories++;
      if (data.name.startsWith("property: ")) totals.properties++;
    } else if (data.details.error.cause !== undefined) {
      totals.failed++;
      const cause = data.details.error.cause as Error;
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      process.stdout.write(`FAIL ${data.file ?? ""}\n     ${data.name}\n${text}\n\n`);
    }
  }
  return totals;
}

const began = performance.now();
execFileSync("node_modules/.bin/node", ["--version"], { stdio: "ignore" });
const toolsOk =
  paths.length > 0 || [tool("tsc"), tool("biome", "check", "--error-on-warnings", ".")].every(Boolean);
const totals = await runTests(testFiles());
const failed = totals.failed + (toolsOk ? 0 : 1);
const examples = totals.passed - totals.stories - totals.properties;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
process.stdout.write(
  `${totals.stories} stories, ${totals.properties} properties, ${examples} examples in ${seconds} s\n`,
);
process.stdout.write(`${totals.passed} passed, ${failed} failed, ${totals.skipped} skipped\n`);
process.exitCode = failed === 0 && totals.passed > 0 ? 0 : 1;
