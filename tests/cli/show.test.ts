// What `show` prints of a running gateway, and what it says when there is none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWERS, FLOWS, NEIGHBORS, NO_DROPS, POOLS } from "./fake-answers.ts";
import { Refusal, runCli, withFakeApi } from "./fake-api.ts";
import { assertGolden } from "./golden.ts";

const LISTS = ["flows", "drops", "pools", "peerings", "interfaces", "neighbors"];
const ESCAPE = "\u001b";
const ALL = [...LISTS, "config", "stats"];
const TABLES = [...ALL, "pools --addresses"];

for (const columns of [80, 120]) {
  test(`what show prints fits ${columns} columns and says what had no room`, () =>
    withFakeApi(ANSWERS, async ({ run }) => {
      let text = "";
      for (const what of TABLES) {
        const { out, err, code } = await run(["show", ...what.split(" ")], { columns });
        assert.deepEqual([err, code], ["", 0]);
        const long = out.split("\n").filter((line) => line.length > columns);
        assert.deepEqual(long, []);
        text += `$ isthmus show ${what}\n${out}\n`;
      }
      assertGolden(`show-${columns}`, text);
    }));
}

test("into a pipe every column is printed, and nothing is cut", () =>
  withFakeApi(ANSWERS, async ({ run }) => {
    const { out } = await run(["show", "flows"]);
    assert.doesNotMatch(out, /…|no room/);
    for (const { translated } of FLOWS) assert.ok(out.includes(translated.replace(/^\w+ /, "")));
  }));

test("--json prints what the gateway said, whole", () =>
  withFakeApi(ANSWERS, async ({ run }) => {
    for (const what of ALL) {
      const { out, code } = await run(["show", what, "--json"], { columns: 80, colour: true });
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(out), ANSWERS[`GET /v1/${what}`]);
    }
  }));

test("public addresses are told one by one, each with its pool", () =>
  withFakeApi(ANSWERS, async ({ run }) => {
    const { out, code } = await run(["show", "pools", "--addresses", "--json"]);
    assert.equal(code, 0);
    const { items, next } = JSON.parse(out);
    const common = { vpc: "blue", peer: "green", pool: "192.0.2.0/30", protocol: "tcp" };
    assert.deepEqual(
      [items, next],
      [POOLS[0]!.addresses.map((each) => ({ ...common, ...each })), null],
    );
  }));

test("that there may be more addresses than are told is said", () => {
  const [pool] = POOLS;
  const addresses = Array.from({ length: 100 }, () => pool!.addresses[1]!);
  const items = [{ ...pool!, addresses }];
  return withFakeApi({ "GET /v1/pools": { items, next: null } }, async ({ run }) => {
    const { out } = await run(["show", "pools", "--addresses"]);
    assert.match(out, /\nThese are the fullest of each pool, 100 at most\.\n$/);
  });
});

test("colour is for terminals that want it", () =>
  withFakeApi(ANSWERS, async ({ run }) => {
    const painted = await run(["show", "pools"], { colour: true });
    assert.ok(painted.out.startsWith(`${ESCAPE}[1mADDRESS`));
    assert.ok(!(await run(["show", "pools"])).out.includes(ESCAPE));
  }));

test("a gateway with nothing to show is told in a sentence", () =>
  withFakeApi(
    {
      ...Object.fromEntries(LISTS.map((what) => [`GET /v1/${what}`, { items: [], next: null }])),
      "GET /v1/drops": NO_DROPS,
    },
    async ({ run }) => {
      for (const what of [...LISTS, "pools --addresses"]) {
        const { out, code } = await run(["show", ...what.split(" ")]);
        assert.match(out, /^[A-Z][^\n]*\.\n$/);
        assert.equal(code, 0);
      }
    },
  ));

test("samples of dropped packets say why, where and what to do", () =>
  withFakeApi(ANSWERS, async ({ run, asked }) => {
    const words = "--samples --reason port-not-forwarded --from blue --to green --limit 5";
    const { out, err, code } = await run(["show", "drops", ...words.split(" ")], { columns: 80 });
    assert.deepEqual([err, code], ["", 0]);
    assertGolden("samples-80", out);
    assert.equal(
      asked[0]?.path,
      "/v1/drops/samples?reason=port-not-forwarded&from=blue&to=green&limit=5",
    );
    const alone = await run(["show", "drops", "--reason", "no-flow"]);
    assert.equal(alone.code, 1);
    assert.match(alone.err, /say --samples, too/);
  }));

test("samples are saved as they come", () =>
  withFakeApi({ "GET /v1/drops/samples.pcapng": "a capture" }, async ({ run }) => {
    const { out, code, files } = await run(["show", "drops", "--save", "x.pcapng"]);
    assert.deepEqual([out, code], ["9 bytes written to x.pcapng.\n", 0]);
    assert.equal(files.get("x.pcapng"), "a capture");
    const refused = await run(["show", "drops", "--save", "y.pcapng", "--api", "/nowhere"]);
    assert.deepEqual([refused.code, refused.files.has("y.pcapng")], [1, false]);
  }));

test("filters are sent along, and only those that were given", () =>
  withFakeApi(ANSWERS, async ({ run, asked }) => {
    const words = "--vpc blue --address 10.0.0.0/24 --port 80 --protocol TCP --state established";
    await run(["show", "flows", ...words.split(" "), "--limit", "20"]);
    await run(["show", "flows"]);
    assert.deepEqual(
      asked.map(({ path }) => path),
      [
        "/v1/flows?vpc=blue&address=10.0.0.0%2F24&port=80&protocol=tcp&state=established&limit=20",
        "/v1/flows?limit=50",
      ],
    );
  }));

test("filters that cannot be are refused before the gateway is asked", async () => {
  for (const words of [
    ["--address", "10.0.0"],
    ["--port", "http"],
    ["--port", "65536"],
    ["--limit", "0"],
  ]) {
    const { err, code } = await runCli(["show", "flows", ...words]);
    assert.equal(code, 1);
    assert.match(err, /It is [^\n]*\.\nSee: isthmus show --help\n$/);
  }
});

test("a long list is asked for in pages, and it is said that there is more", () =>
  withFakeApi(
    {
      "GET /v1/flows": ({ path }) => {
        const query = new URLSearchParams(path.split("?")[1]);
        const first = Number(query.get("cursor") ?? 0);
        const next = first + Number(query.get("limit"));
        return { items: new Array(next - first).fill(FLOWS[0]), next: `${next}` };
      },
    },
    async ({ run, asked }) => {
      const { out } = await run(["show", "flows", "--limit", "2500"]);
      assert.deepEqual(
        asked.map(({ path }) => path),
        [
          "/v1/flows?limit=1000",
          "/v1/flows?limit=1000&cursor=1000",
          "/v1/flows?limit=500&cursor=2000",
        ],
      );
      assert.equal(out.split("\n").length, 1 + 2500 + 1 + 1);
      assert.match(out, /These are the first 2500; there are more \(--limit\)\.\n$/);
      const { items, next } = JSON.parse((await run(["show", "flows", "--json"])).out);
      assert.deepEqual([items.length, next], [50, "50"]);
    },
  ));

test("of neighbors all are shown, page by page", () =>
  withFakeApi(
    {
      "GET /v1/neighbors": ({ path }) => {
        const first = Number(new URLSearchParams(path.split("?")[1]).get("cursor") ?? 0);
        const items = new Array(100).fill(NEIGHBORS[0]);
        return { items, next: first < 300 ? `${first + 150}` : null };
      },
    },
    async ({ run, asked }) => {
      const { out } = await run(["show", "neighbors"]);
      const paths = asked.map(({ path }) => path.replace("/v1/neighbors", ""));
      assert.deepEqual(paths, ["", "?cursor=150", "?cursor=300"]);
      assert.equal(out.split("\n").length, 1 + 300 + 1);
    },
  ));

test("no gateway, no permission, something else: each is a sentence, with exit code 1", async () => {
  const nobody = await runCli(["show", "flows", "--api", "/nowhere/isthmus.sock"]);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /^isthmus: no gateway answers at \/nowhere\/isthmus\.sock; [^\n]*\n$/);
  const url = await runCli(["show", "flows", "--api", "ftp://localhost"]);
  assert.equal(url.err, "isthmus: --api takes a path or an http URL: ftp://localhost\n");
  await withFakeApi({ "GET /v1/flows": "hello" }, async ({ run }) => {
    const { err, code } = await run(["show", "flows"]);
    assert.equal(code, 1);
    assert.match(err, /^isthmus: what answers at [^\n]* is no Isthmus gateway \(HTTP 200\)\n$/);
  });
});

test("what the gateway refuses is shown in its words", () =>
  withFakeApi(
    {
      "GET /v1/flows": new Refusal(400, "There is no VPC red", { detail: "There are blue, green" }),
      "GET /v1/pools": new Refusal(401, "A token is needed"),
    },
    async ({ run, asked }) => {
      const { out, err, code } = await run(["show", "flows", "--vpc", "red"]);
      const said = "isthmus: There is no VPC red: There are blue, green\n";
      assert.deepEqual({ out, err, code }, { out: "", err: said, code: 1 });
      assert.match((await run(["show", "pools"])).err, /token is needed; .* ISTHMUS_TOKEN is not/);
      await run(["show", "pools"], { variables: { ISTHMUS_TOKEN: "let-me-in" } });
      assert.deepEqual(
        asked.map(({ token }) => token),
        [undefined, undefined, "Bearer let-me-in"],
      );
    },
  ));

const EXPLAINED = {
  ...{ given: "udp 10.0.0.4:5 > 10.1.0.8:53", from: "blue", steps: [], verdict: "held" },
  ...{ to: "green", sent: ["udp 10.0.0.4:5 > 10.1.0.8:53"], changes: [], answers: [] },
};

test("explain --live asks the gateway, and takes packets alone", () =>
  withFakeApi({ "POST /v1/explain": EXPLAINED }, async ({ run, asked }) => {
    const packet = "udp 10.0.0.4:5 > 10.1.0.8:53";
    const { out, code } = await run(["explain", "--live", "--from", "blue", packet]);
    assert.equal(code, 0);
    assert.match(out, /waits until the next hop answers, then to green: udp 10\.0\.0\.4:5/);
    assert.deepEqual(asked[0]?.body, { from: "blue", packet });
    for (const words of [[packet, packet], []]) {
      const wrong = await run(["explain", "--live", "--from", "blue", ...words]);
      assert.equal(wrong.code, 1);
      assert.match(wrong.err, /explain --live takes a packet, and no configuration/);
    }
  }));

test("explain --live asks about packets behind the first, and prints them as without --live", () =>
  withFakeApi(
    {
      "POST /v1/explain": {
        ...EXPLAINED,
        // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
        then: [{ ...EXPLAINED, given: "udp 10.1.0.8:53 > 10.0.0.4:5", from: "green" }],
      },
    },
    async ({ run, asked }) => {
      const words = ["explain", "--live", "--from", "blue", EXPLAINED.given, "--then", "reply"];
      const { out, code } = await run(words);
      assert.equal(code, 0);
      assert.deepEqual(asked[0]?.body, {
        ...{ from: "blue", packet: EXPLAINED.given },
        // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
        then: ["reply"],
      });
      assert.match(out, /^blue: udp 10[\s\S]*\n\ngreen: udp 10\.1\.0\.8:53 > 10\.0\.0\.4:5\n/);
      const { packets } = JSON.parse((await run([...words, "--json"])).out);
      const [first, second] = packets;
      assert.deepEqual(first, EXPLAINED);
      assert.deepEqual([packets.length, second.from], [2, "green"]);
    },
  ));
