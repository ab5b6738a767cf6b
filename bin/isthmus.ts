#!/usr/bin/env node
// Nothing else is loaded before it is known that this Node can run it.
import { refusal } from "../src/cli/node-version.ts";

const problem = refusal(process.versions.node);
if (problem === undefined) await import("./start.ts");
else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
