// Every module of the core loads without asking for a module of Node, and its packages are only
// those that also run in a browser. What calls the system is loaded by nobody who does not ask.

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root, sourceFiles } from "./support/source-files.ts";

const CORE = /^src\/(?!cli\/|drivers\/|lab\/|live\/).*(?<!\.test)\.ts$/;
const PACKAGES = new Set(["yaml", "zod"]);

const core = sourceFiles()
  .filter(({ path }) => CORE.test(path))
  .map(({ path }) => path);

test("the core loads without a module of Node", async () => {
  const source = pathToFileURL(`${root}src/`).href;
  const refused: string[] = [];
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const fromCore = context.parentURL?.startsWith(source) ?? false;
      if (fromCore && !specifier.startsWith(".") && !PACKAGES.has(specifier)) {
        refused.push(`${context.parentURL?.slice(source.length)} imports ${specifier}`);
      }
      return next(specifier, context);
    },
  });
  try {
    for (const path of core) await import(pathToFileURL(`${root}${path}`).href);
  } finally {
    hooks.deregister();
  }
  assert.ok(core.length > 50);
  assert.deepEqual(refused, [], "Have it handed in: the core also runs in a browser.");
});

test("no module asks for koffi when it is loaded", async () => {
  let asked = false;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      asked ||= specifier === "koffi";
      return next(specifier, context);
    },
  });
  const modules = sourceFiles().filter(({ path }) => /^src\/.*(?<!\.test)\.ts$/.test(path));
  try {
    for (const { path } of modules) await import(pathToFileURL(`${root}${path}`).href);
    assert.equal(asked, false, "loadSystem imports it, for whoever opens a Linux driver.");
    const { loadSystem } = await import("../src/drivers/linux/sys.ts");
    await loadSystem();
    assert.equal(asked, true);
  } finally {
    hooks.deregister();
  }
});
