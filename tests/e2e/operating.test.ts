// A running gateway between real hosts, as its operator asks it: what passes, what does not and why.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { serve } from "../../src/lab/serve.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";
import { configOf, SERVERS } from "./support/combinations.ts";
import { LiveNetwork, sleep } from "./support/live-network.ts";

const skip = whyNotLive() ?? false;

const PLAN = {
  segments: [
    {
      interface: "veth-blue",
      via: ["10.0.1.1"],
      hosts: [{ name: "blue1", addresses: ["10.0.1.2/24"] }],
    },
    {
      interface: "veth-green",
      via: ["10.0.2.1"],
      hosts: [{ name: "green1", addresses: ["10.0.2.2/24"] }],
    },
  ],
};
const ISTHMUS = `isthmus:
  attachments:
    - { vpc: blue, interface: veth-blue, address: 10.0.1.1/24 }
    - { vpc: green, interface: veth-green, address: 10.0.2.1/24 }
`;
const CONFIG = configOf("masquerade", "port-forward", ISTHMUS);
/** A port of green's public address that nobody forwards. */
const CLOSED = "198.18.2.80";

let live: LiveNetwork;

before(async () => {
  if (skip) return;
  live = await LiveNetwork.open(PLAN, CONFIG);
  await serve(live.host("green1"), SERVERS);
  await live.host("blue1").ask(["curl", "-sS", "-m5", `http://${CLOSED}/bytes/1000`]);
});
after(async () => live?.close());

function words(command: string): string[] {
  const [first = "", ...rest] = command.match(/"[^"]*"|\S+/g) ?? [];
  const api = ["--api", path.join(live.folder, "api.sock")];
  return [first, ...rest.map((word) => word.replace(/^"|"$/g, "")), ...api];
}

/** The command line, in a process of its own. */
function isthmus(command: string): string {
  const all = [`${root}bin/start.ts`, ...words(command)];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

function json(command: string) {
  return JSON.parse(isthmus(`${command} --json`));
}

/** A datagram from blue's host to a port that nobody forwards. */
async function knock(): Promise<void> {
  await live.host("blue1").ask(["bash", "-c", `echo knock > /dev/udp/${CLOSED}/54`]);
}

function comments(file: string): string {
  const fields = ["-r", file, "-T", "fields", "-e", "frame.comment"];
  const { status, stdout, stderr } = spawnSync("tshark", fields, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("a packet to a port that nobody forwards is explained, with what came closest", {
  skip,
}, () => {
  const packet = `"udp 10.0.1.2:4000 > ${CLOSED}:54"`;
  const said = isthmus(`explain --live --from blue ${packet}`);
  assert.match(said, /dropped: [\w-]+, by \w+/);
  assert.match(said, /54[^\n]*53|53[^\n]*54/, "the nearest rule, and by how much");
  assert.match(said, /gateway\.yaml:\d+:\d+: expose \d of green/);
  const open = isthmus(`explain --live --from blue "udp 10.0.1.2:4000 > ${CLOSED}:53"`);
  assert.match(open, /sent to green: udp 198\.18\.1\.1:\d+ > 10\.0\.2\.2:53/);
  assert.equal(json("show stats").dropped["no-mapping"] ?? 0, 0, "nothing of it was counted");
});

test("it is in the ledger, with a sample that tshark opens", { skip }, async () => {
  await knock();
  const { cells } = json("show drops");
  assert.deepEqual(
    cells.map(({ from, interface: name }: Record<string, string>) => [from, name]),
    [["blue", "veth-blue"]],
  );
  assert.match(isthmus("show drops"), new RegExp(`^${cells[0].reason} +blue`, "m"));
  assert.match(isthmus("show drops --samples"), /^udp 10\.0\.1\.2:\d+ > 198\.18\.2\.80:54$/m);
  const file = path.join(live.folder, "dropped.pcapng");
  isthmus(`show drops --save ${file}`);
  assert.match(
    comments(file),
    new RegExp(`^blue > \\S+ dropped at [\\w-]+: ${cells[0].reason}\\. `),
  );
});

test("packets are captured before and after translation", { skip }, async () => {
  const file = path.join(live.folder, "capture.pcapng");
  const all = [`${root}bin/start.ts`, ...words(`capture --port 53 --for 60s --count 2 -o ${file}`)];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "inherit", "pipe"] });
  const said = text(child.stderr);
  // The file begins when the gateway captures.
  while (child.exitCode === null && !(existsSync(file) && statSync(file).size > 0)) await sleep(20);
  await live.host("blue1").ask(["dig", "+short", "+tries=1", `@${CLOSED}`, "here.lab"]);
  assert.match(await said, /^4 packets written, 0 packets missed\.\n$/);
  const lines = comments(file).trim().split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[0], "#1 in from blue");
  assert.match(
    lines[1]!,
    /^#1 out to green, peering p, expose \d of blue \(.*\), expose \d of green/,
  );
  assert.match(lines[3]!, /^#2 out to blue/);
});

test("what the gateway knows is shown", { skip }, () => {
  assert.match(
    isthmus("show flows --vpc blue"),
    /blue > green +tcp +10\.0\.1\.2:\d+ > 198\.18\.2\.80:80/,
  );
  assert.match(isthmus("show pools"), /198\.18\.1\.1 +tcp/);
  assert.match(isthmus("show peerings"), /^p +blue: 2 masquerade +green: 4 port-forward/m);
  assert.match(isthmus("show interfaces"), /^veth-blue +blue +af-packet +up/m);
  assert.match(isthmus("show neighbors"), /^green +10\.0\.2\.2 +[\da-f:]{17} +known/m);
  assert.match(isthmus("show config"), /^# .*gateway\.yaml: configuration 1, applied at/);
  assert.match(isthmus("show stats"), /^received +\d+$/m);
  assert.match(isthmus("top --once"), /^\d+ packets\/s/);
  const { flows } = json("top --once");
  assert.ok(flows > 0);
});

test("another configuration is planned, tried, and taken back by itself", { skip }, async () => {
  const file = path.join(live.folder, "new.yaml");
  writeFileSync(file, CONFIG.replace("198.18.1.1/32", "198.18.1.9/32"));
  const plan = isthmus(`plan ${file}`);
  assert.match(plan, /re-translated/);
  assert.match(plan, /new\.yaml:\d+/);
  assert.match(isthmus(`apply ${file} --confirm-within 1s`), /Configuration 2 is in force/);
  for (let i = 0; json("show config").generation < 3 && i < 50; i++) await sleep(100);
  assert.equal(json("show config").text, CONFIG);
  writeFileSync(file, "vpcs: { blue: { vni: 0 } }");
  const wrong = spawnSync(process.execPath, [`${root}bin/start.ts`, ...words(`apply ${file}`)]);
  assert.equal(wrong.status, 1);
  assert.match(`${wrong.stderr}`, /new\.yaml:1:\d+: error vpc\/bad-vni/);
});

test("flows are ended when somebody says so", { skip }, async () => {
  await live.host("blue1").ask(["curl", "-sS", "-m5", `http://${CLOSED}/bytes/1000`]);
  assert.match(isthmus("flows kill --vpc blue --protocol tcp"), /^\d+ flows? ended\.\n$/);
  assert.equal(json("show flows --protocol tcp").items.length, 0);
});
