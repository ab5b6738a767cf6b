// Real hosts behind the kernel's own VXLAN devices, each in a VNI of its own: every combination of
// NAT modes from tunnel to tunnel, over IPv4 and IPv6, with ordinary programs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serve } from "../../src/lab/serve.ts";
import { contentSha256 } from "../../src/lab/servers/content.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";
import { combinations, configOf, SERVERS, sidesOf, visit } from "./support/combinations.ts";
import { LiveNetwork, sleep } from "./support/live-network.ts";

const skip = whyNotLive() ?? false;

const PLAN = {
  underlay: {
    interface: "eth-under",
    address: "172.30.8.1/24",
    vteps: [
      {
        name: "blue1",
        address: "172.30.8.11/24",
        vni: 101,
        addresses: ["10.0.1.2/24", "2001:db8:1::2/64"],
        via: ["10.0.1.1", "2001:db8:1::1"],
      },
      {
        name: "green1",
        address: "172.30.8.12/24",
        vni: 102,
        addresses: ["10.0.2.2/24", "2001:db8:2::2/64"],
        via: ["10.0.2.1", "2001:db8:2::1"],
      },
    ],
  },
};
const ISTHMUS = `isthmus:
  underlay: { interface: eth-under, vtep: 172.30.8.1 }
  attachments:
    - { vpc: blue, vteps: [172.30.8.11], address: 10.0.1.1/24 }
    - { vpc: blue, vteps: [172.30.8.11], address: "2001:db8:1::1/64" }
    - { vpc: green, vteps: [172.30.8.12], address: 10.0.2.1/24 }
    - { vpc: green, vteps: [172.30.8.12], address: "2001:db8:2::1/64" }
`;
const TARGETS = ["198.18.2.2", "2001:db8:20::2"];

let live: LiveNetwork;

before(async () => {
  if (skip) return;
  live = await LiveNetwork.open(PLAN, configOf("static", "static", ISTHMUS));
  for (const host of ["blue1", "green1"]) await serve(live.host(host), SERVERS);
});
after(async () => live?.close());

for (const { sides, ways } of combinations()) {
  const [blue, green] = sides;
  test(`${blue.mode} facing ${green.mode}: ${ways} way(s), IPv4 and IPv6`, { skip }, async () => {
    await live.apply(configOf(blue.mode, green.mode, ISTHMUS));
    await visit(live, blue, green);
    await visit(live, green, blue);
  });
}

/** As many connections as told, half of them each over IPv4 and IPv6; each says something once a
 * second. */
async function connect(count: number, seconds: number): Promise<void> {
  const program = [process.execPath, `${root}tests/e2e/support/connections.ts`];
  const words = ["7", `${count / 2}`, `${seconds}`];
  const all = TARGETS.map((target) =>
    live.host("blue1").ask([...program, target, ...words], { timeoutMillis: 30_000 }),
  );
  assert.deepEqual(await Promise.all(all), [`${count / 2}\n`, `${count / 2}\n`]);
}

test("a thousand connections at once, and frames that tshark finds right", { skip }, async () => {
  await live.apply(configOf("masquerade", "static", ISTHMUS));
  const judge = live.capture("eth-under");
  await connect(1000, 1);
  const { frames, bad } = judge.judge();
  assert.ok(frames > 10_000, `${frames}`);
  assert.deepEqual(bad, []);
});

test("200 MB arrive as they left, over IPv4 and IPv6", { skip }, async () => {
  const bytes = 200_000_000;
  for (const target of ["198.18.2.2", "[2001:db8:20::2]"]) {
    const command = `curl -sS -g -m80 http://${target}/bytes/${bytes} | sha256sum`;
    const out = await live.host("blue1").ask(["sh", "-c", command], { timeoutMillis: 90_000 });
    assert.match(out, new RegExp(`^${contentSha256(bytes)}`));
  }
});

test("packets in fragments; what is too long for the other side is told", { skip }, async () => {
  for (const target of TARGETS) {
    await live.host("blue1").ask(["ping", "-n", "-c2", "-i0.2", "-W3", "-s", "4000", target]);
  }
  const config = configOf("masquerade", "static", ISTHMUS);
  await live.apply(`${config}  vpcs: { green: { mtu: 1400 } }\n`);
  const words = ["ping", "-n", "-c2", "-i0.3", "-W2", "-M", "do", "-s", "1430"];
  for (const target of TARGETS) {
    const { out } = await live.host("blue1").run([...words, target]);
    assert.match(out, /mtu ?= ?1400/i);
  }
  await live.apply(config);
});

test("traceroute shows the gateway, ping reaches it", { skip }, async () => {
  const blue = live.host("blue1");
  for (const [index, target] of TARGETS.entries()) {
    const words = [["-4"], ["-6"]][index]!;
    const hops = await blue.ask(["traceroute", ...words, "-n", "-q1", "-w2", "-m4", target]);
    assert.match(hops, index === 0 ? /^ 1 {2}10\.0\.1\.1 /m : /^ 1 {2}2001:db8:1::1 /m);
    assert.ok(hops.includes(`2  ${target} `), hops);
    await blue.ask(["ping", "-n", "-c1", "-W2", ["10.0.1.1", "2001:db8:1::1"][index]!]);
  }
});

test("no connection is lost by new configurations", { skip }, async () => {
  const all = connect(200, 3);
  await sleep(500);
  const config = configOf("masquerade", "static", ISTHMUS);
  for (let i = 0; i < 4; i++) {
    await live.apply(config.replace("vpcs: {", `vpcs: { more${i}: { vni: ${500 + i} },`));
    await sleep(300);
  }
  await all;
});

test("a host inside a VNI with another MAC address", { skip }, async () => {
  live.host("green1").ip("link set vx102 address 02:00:00:00:77:79");
  for (const own of ["10.0.2.1", "2001:db8:2::1"])
    await live.host("green1").run(["ping", "-n", "-c1", "-W2", own]);
  await visit(live, ...sidesOf("masquerade", "static"));
});

test("an underlay that goes down and comes back", { skip }, async () => {
  live.network.gateway.ip("link set eth-under down");
  await sleep(300);
  live.network.gateway.ip("link set eth-under up");
  await sleep(1500);
  await visit(live, ...sidesOf("masquerade", "static"));
});
