// The core in a browser: the same files, the same packets, the same bytes as in Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { tellCoreScenario } from "./support/core-scenario.ts";
import { serveCore } from "./support/core-server.ts";
import { findProgram } from "./support/external-tool.ts";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

test("a packet passes the gateway in a browser as it does in Node", async (t) => {
  const executablePath = findProgram(t, "chromium", "to run the core in a browser");
  if (executablePath === undefined) return;
  const server = await serveCore();
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  try {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("requestfailed", (request) => troubles.push(`not loaded: ${request.url()}`));
    page.on("response", (response) => {
      if (!response.ok()) troubles.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(server.url);
    const there = await page
      .evaluate(`import("/tests/support/core-scenario.ts").then((m) => m.tellCoreScenario())`)
      .catch((error: Error) => troubles.push(error.message));
    assert.deepEqual(troubles, []);
    const here = tellCoreScenario();
    assert.deepEqual(there, here);
    assert.deepEqual(
      here.map((line) => line.split(" ", 2).join(" ")),
      ["sent green", "sent green", "sent green", "no-peering -"],
    );
  } finally {
    await browser.close();
    server.close();
  }
});
