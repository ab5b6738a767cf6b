// What a person reads when a packet is dropped: for each reason the text, word by word; of what needs
// frames and links in links.test.ts. A changed text is written anew by ISTHMUS_GOLDEN=write, to be
// read before it is committed.

import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { formatExplanation } from "../../src/cli/explain/format.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ExplainSession } from "../../src/insight/explain/session.ts";
import { natModes } from "../../src/nat/modes.ts";
import { DROP } from "../../src/packet/verdict.ts";
import { allStories } from "../support/all-stories.ts";
import { root } from "../support/source-files.ts";

interface Golden {
  readonly config: string;
  /** The VPC of the first packet. */
  readonly from: string;
  /** As `ExplainSession.next` takes them; the last is the one that is dropped. */
  readonly packets: readonly string[];
  readonly expect?: string;
}

const FOLDER = path.join(root, "tests/explain");
const files = globSync("*.yaml", { cwd: FOLDER }).sort();

/** The reason that a file is named after; behind it may stand what is special. */
function reasonOf(file: string): string | undefined {
  const name = path.basename(file, ".yaml");
  const reasons = Object.keys(DROP).filter((each) => name === each || name.startsWith(`${each}-`));
  return reasons.sort((a, b) => b.length - a.length)[0];
}

function explainLast({ config: text, from, packets }: Golden) {
  const { config, issues } = loadConfig(text, "gateway.yaml", natModes);
  if (config === undefined) throw new Error(JSON.stringify(issues[0]));
  const session = new ExplainSession(config);
  const [first = "", ...others] = packets;
  const all = [session.explain(first, from), ...others.map((each) => session.next(each))];
  return all.flat().at(-1)!;
}

for (const file of files) {
  test(`golden: ${file}`, () => {
    const whole = path.join(FOLDER, file);
    const document = parseDocument(readFileSync(whole, "utf8"));
    const golden = document.toJS() as Golden;
    const explained = explainLast(golden);
    const text = formatExplanation(explained, false).trimEnd();
    const isNew = text !== golden.expect?.trimEnd();
    if (isNew && process.env["ISTHMUS_GOLDEN"] === "write") {
      document.set("expect", `${text}\n`);
      writeFileSync(whole, document.toString({ lineWidth: 0 }));
    }
    assert.equal(explained.drop?.reason, reasonOf(file));
    assert.equal(text, golden.expect?.trimEnd());
  });
}

test("every reason has a text, here or in links/", () => {
  const linked = globSync("*.yaml", { cwd: path.join(FOLDER, "links") });
  const told = new Set([...files, ...linked].map(reasonOf));
  assert.deepEqual(
    Object.keys(DROP).filter((reason) => !told.has(reason)),
    [],
  );
});

test("every reason has a story, or frames that bring it about in links/", () => {
  const linked = globSync("*.yaml", { cwd: path.join(FOLDER, "links") }).map(reasonOf);
  const dropped = allStories().flatMap(({ steps }) => steps.map(({ drop }) => drop));
  const told = new Set([...linked, ...dropped]);
  assert.deepEqual(
    Object.keys(DROP).filter((reason) => !told.has(reason)),
    [],
  );
});
