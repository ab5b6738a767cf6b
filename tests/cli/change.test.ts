// Commands that change a running gateway: apply, confirm, flows kill.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal, runCli, withFakeApi } from "./fake-api.ts";

const files = { "new.yaml": "vpcs:\n  blue: { vni: 0 }\n" };
const APPLIED = {
  generation: 4,
  kept: 1200,
  ended: { "acl-denied": 1, "other-source": 3 },
  notices: ["gateway.flowTableCapacity is now 10: until a restart it stays 20."],
  issues: [],
  millis: 1.5,
  confirmBy: null,
  saved: false,
};

test("apply sends the file, and says which flows stay and why others do not", () =>
  withFakeApi({ "POST /v1/config/apply": APPLIED }, async ({ run, asked }) => {
    const { out, err, code } = await run(["apply", "new.yaml"], { files });
    assert.deepEqual([err, code], ["", 0]);
    assert.equal(
      out,
      `Configuration 4 is in force: 1,200 flows kept, 4 ended.
  3 other-source: Its source would be translated otherwise.
  1 acl-denied: The ACL denies it now.
gateway.flowTableCapacity is now 10: until a restart it stays 20.
`,
    );
    assert.deepEqual(
      asked.map(({ path, body }) => [path, body]),
      [["/v1/config/apply", files["new.yaml"]]],
    );
    const asJson = await run(["apply", "new.yaml", "--json"], { files });
    assert.deepEqual(JSON.parse(asJson.out), APPLIED);
  }));

test("apply --confirm-within tells until when, and how to keep it", () =>
  withFakeApi(
    {
      "POST /v1/config/apply": { ...APPLIED, confirmBy: "2026-11-25T10:01:30Z" },
      "POST /v1/config/confirm": { generation: 4 },
    },
    async ({ run, asked }) => {
      const { out } = await run(["apply", "new.yaml", "--confirm-within", "1m30s"], { files });
      assert.match(
        out,
        /taken back at 2026-11-25T10:01:30Z, unless you say: isthmus confirm --generation 4\n$/,
      );
      assert.equal(asked[0]?.path, "/v1/config/apply?confirmWithin=90");
      assert.equal((await run(["confirm"])).out, "Configuration 4 stays.\n");
      assert.equal(asked.at(-1)?.path, "/v1/config/confirm");
      const { out: stays } = await run(["confirm", "--generation", "4"]);
      assert.equal(stays, "Configuration 4 stays.\n");
      assert.equal(asked.at(-1)?.path, "/v1/config/confirm?generation=4");
      assert.equal((await run(["confirm", "--generation", "0"])).code, 1);
      assert.deepEqual(JSON.parse((await run(["confirm", "--json"])).out), { generation: 4 });
      assert.equal((await run(["apply", "new.yaml", "--save"], { files })).code, 0, "not yet");
      assert.equal(asked.at(-1)?.path, "/v1/config/apply?save=true");
      for (const wrong of ["60", "10ms", "soon"]) {
        const refused = await run(["apply", "new.yaml", "--confirm-within", wrong], { files });
        assert.equal(refused.code, 1);
        assert.match(refused.err, /It is a time from 1s, e\.g\. 60s or 5m\./);
      }
    },
  ));

test("apply --save that could not be saved is not all right", async () => {
  for (const [saved, expected] of [
    [true, 0],
    [false, 1],
  ] as const) {
    await withFakeApi({ "POST /v1/config/apply": { ...APPLIED, saved } }, async ({ run }) => {
      const { out, code } = await run(["apply", "new.yaml", "--save"], { files });
      assert.equal(code, expected);
      assert.match(out, /Configuration 4 is in force/);
    });
  }
});

test("mistakes that the gateway finds in a file are shown as check shows them", () => {
  const issue = {
    code: "vpc/bad-vni",
    severity: "error",
    path: "vpcs.blue.vni",
    place: { file: "API", line: 2, column: 16 },
    message: "0 is no VNI.",
    hint: "Use a number from 1 to 16777215.",
  };
  const refusal = new Refusal(422, "The configuration is wrong", { issues: [issue] });
  return withFakeApi({ "POST /v1/config/apply": refusal }, async ({ run }) => {
    const { out, err, code } = await run(["apply", "new.yaml"], { files });
    assert.deepEqual([out, code], ["", 1]);
    assert.equal(
      err,
      `new.yaml:2:16: error vpc/bad-vni: 0 is no VNI.
    Use a number from 1 to 16777215.
    2 |   blue: { vni: 0 }
                       ^
isthmus: The configuration is wrong
`,
    );
  });
});

test("confirm with nothing to confirm fails in the gateway's words", () =>
  withFakeApi(
    { "POST /v1/config/confirm": new Refusal(409, "Nothing waits to be confirmed") },
    async ({ run }) => {
      const { err, code } = await run(["confirm"]);
      assert.deepEqual([err, code], ["isthmus: Nothing waits to be confirmed\n", 1]);
    },
  ));

test("flows kill sends the filter and says how many ended", () =>
  withFakeApi({ "POST /v1/flows/kill": { killed: 1 } }, async ({ run, asked }) => {
    const words = "--vpc blue --address 10.0.0.4 --port 80 --protocol tcp".split(" ");
    const { out, code } = await run(["flows", "kill", ...words]);
    assert.deepEqual([out, code], ["1 flow ended.\n", 0]);
    assert.deepEqual(asked[0]?.body, {
      vpc: "blue",
      address: "10.0.0.4",
      port: 80,
      protocol: "tcp",
    });
    assert.deepEqual(JSON.parse((await run(["flows", "kill", "--all", "--json"])).out), {
      killed: 1,
    });
    assert.deepEqual(asked[1]?.body, { all: true });
  }));

test("flows kill without a filter ends nothing", async () => {
  for (const words of [[], ["--all", "--vpc", "blue"]]) {
    const { err, code } = await runCli(["flows", "kill", ...words]);
    assert.equal(code, 1);
    assert.equal(err, "isthmus: flows kill needs to know which flows, or --all instead\n");
  }
});
