// The examples load without a word; the broken ones give exactly these issues at these lines.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

for (const file of globSync("examples/*.yaml").sort()) {
  test(`${file} has nothing wrong`, () => {
    assert.deepEqual(loadConfig(readFileSync(file, "utf8"), file, natModes).issues, []);
  });
}

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "collisions.yaml": ["6 vpc/duplicate-vni", "14 expose/overlap", "24 peering/duplicate"],
  "modes.yaml": [
    "9 peering/nobody-can-open",
    "26 nat/bad-duration",
    "26 port-forward/bad-ports",
    "29 expose/default-with-addresses",
    "33 acl/wrong-vpc",
    "34 acl/bad-protocol",
  ],
  "names.yaml": [
    "4 vpc/bad-vni",
    "4 vpc/bad-subnet",
    "5 shape/unknown-key",
    "12 expose/unknown-subnet",
    "14 shape/unknown-key",
    "15 peering/unknown-vpc",
    "17 expose/bad-prefix",
  ],
  "sizes.yaml": [
    "12 static/size-mismatch",
    "15 expose/mixed-families",
    "16 expose/nothing-left",
    "19 expose/special-use",
    "20 expose/port-zero",
    "21 expose/bad-ports",
    "27 expose/as-without-nat",
    "29 peering/no-exposes",
  ],
};

test("every broken example is expected to be", () => {
  const files = globSync("examples/broken/*.yaml").map((file) => file.split("/").at(-1));
  assert.deepEqual(files.sort(), Object.keys(EXPECTED));
});

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`examples/broken/${name}: every mistake at its own line`, () => {
    const file = `examples/broken/${name}`;
    const { config, issues } = loadConfig(readFileSync(file, "utf8"), file, natModes);
    assert.equal(config, undefined);
    assert.deepEqual(
      issues.map(({ place, code }) => `${place.line} ${code}`),
      expected,
    );
  });
}
