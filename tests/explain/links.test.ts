// What a person reads of drops that need links: in `show drops --samples` and, where a packet from a
// VPC can bring them about, in `explain --live`. Word by word; ISTHMUS_GOLDEN=write writes them
// anew, to be read before they are committed.

import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { formatExplanation } from "../../src/cli/explain/format.ts";
import { samplesText } from "../../src/cli/show/samples.ts";
import { samples } from "../../src/insight/drops/samples.ts";
import { explainLive } from "../../src/insight/explain/explain.ts";
import { readUnlessReply } from "../../src/insight/explain/next-packet.ts";
import { finish } from "../../src/insight/work.ts";
import { timedSample } from "../../src/live/routes/drops.ts";
import { type LinkStory, playLinkStory } from "../support/link-story.ts";
import { root } from "../support/source-files.ts";

interface Golden extends Partial<LinkStory> {
  readonly story: string;
  readonly samples: string;
  /** Of the gateway as the story leaves it. */
  readonly explain?: { readonly from: string; readonly packet: string };
  readonly explained?: string;
}

const FOLDER = path.join(root, "tests/explain/links");
const CONFIG = "gateway.yaml";
const config = readFileSync(path.join(FOLDER, CONFIG), "utf8");
const interfaces = {
  b0: { mac: "02:00:00:00:00:b0", vpc: "blue" },
  g0: { mac: "02:00:00:00:00:90", vpc: "green" },
  u0: { mac: "02:00:00:00:00:01" },
};
const files = globSync("*.yaml", { cwd: FOLDER }).sort();
/** Of the golden texts: when the gateway's clock was 0. */
const EPOCH = Date.UTC(2026, 10, 1);
const SCREEN = { colour: false, columns: 100 };

for (const file of files.filter((each) => each !== CONFIG)) {
  const whole = path.join(FOLDER, file);
  const document = parseDocument(readFileSync(whole, "utf8"));
  const golden = document.toJS() as Golden;
  test(`golden: ${golden.story}`, () => {
    const { gateway, now } = playLinkStory({ config, interfaces, steps: [], ...golden });
    const kept = samples(gateway).map((sample) => timedSample(sample, EPOCH));
    const { explain } = golden;
    const said = explain && explained(explain);
    const text = samplesText(kept, SCREEN);
    const isNew = text !== golden.samples || said !== golden.explained;
    if (isNew && process.env["ISTHMUS_GOLDEN"] === "write") {
      document.set("samples", text);
      if (said !== undefined) document.set("explained", said);
      writeFileSync(whole, document.toString({ lineWidth: 0 }));
    }
    assert.deepEqual(
      kept.map(({ reason }) => reason),
      [path.basename(file, ".yaml")],
    );
    assert.equal(text, golden.samples);
    assert.equal(said, golden.explained);

    function explained({ from, packet }: { readonly from: string; readonly packet: string }) {
      const [told] = finish(explainLive(gateway, now, [{ from, packet: readUnlessReply(packet) }]));
      return formatExplanation(told!, false);
    }
  });
}
