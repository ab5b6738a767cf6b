// Real hosts on two interfaces of a real gateway: every combination of NAT modes that one side may
// open through, over IPv4 and IPv6, with ordinary programs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { serve } from "../../src/lab/serve.ts";
import { contentSha256 } from "../../src/lab/servers/content.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";
import { combinations, configOf, SERVERS, sidesOf, visit } from "./support/combinations.ts";
import { LiveNetwork, sleep } from "./support/live-network.ts";

const skip = whyNotLive() ?? false;

const PLAN = {
  segments: [
    {
      interface: "veth-blue",
      via: ["10.0.1.1", "2001:db8:1::1"],
      hosts: [{ name: "blue1", addresses: ["10.0.1.2/24", "2001:db8:1::2/64"] }],
    },
    {
      interface: "veth-green",
      via: ["10.0.2.1", "2001:db8:2::1"],
      hosts: [{ name: "green1", addresses: ["10.0.2.2/24", "2001:db8:2::2/64"] }],
    },
  ],
};
const ISTHMUS = `isthmus:
  attachments:
    - { vpc: blue, interface: veth-blue, address: 10.0.1.1/24 }
    - { vpc: blue, interface: veth-blue, address: "2001:db8:1::1/64" }
    - { vpc: green, interface: veth-green, address: 10.0.2.1/24 }
    - { vpc: green, interface: veth-green, address: "2001:db8:2::1/64" }
`;

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

test("a thousand connections at once, and frames that tshark finds right", { skip }, async () => {
  await live.apply(configOf("masquerade", "static", ISTHMUS));
  const judges = ["veth-blue", "veth-green"].map((iface) => live.capture(iface));
  const words = [process.execPath, `${root}tests/e2e/support/connections.ts`];
  const blue = live.host("blue1");
  const out = await blue.ask([...words, "198.18.2.2", "7", "1000"], { timeoutMillis: 30_000 });
  assert.equal(out, "1000\n");
  for (const { frames, bad } of judges.map((each) => each.judge())) {
    assert.ok(frames > 5000, `${frames}`);
    assert.deepEqual(bad, []);
  }
});

test("200 MB arrive as they left, over IPv4 and IPv6", { skip }, async () => {
  const bytes = 200_000_000;
  for (const target of ["198.18.2.2", "[2001:db8:20::2]"]) {
    const command = `curl -sS -g -m60 http://${target}/bytes/${bytes} | sha256sum`;
    const out = await live.host("blue1").ask(["sh", "-c", command], { timeoutMillis: 70_000 });
    assert.match(out, new RegExp(`^${contentSha256(bytes)}`));
  }
});

test("traceroute shows the gateway, ping reaches it", { skip }, async () => {
  const blue = live.host("blue1");
  const hops = await blue.ask(["traceroute", "-n", "-q1", "-w2", "-m4", "198.18.2.2"]);
  assert.match(hops, /^ 1 {2}10\.0\.1\.1 .*\n 2 {2}198\.18\.2\.2 /m);
  const hops6 = await blue.ask(["traceroute", "-6", "-n", "-q1", "-w2", "-m4", "2001:db8:20::2"]);
  assert.match(hops6, /^ 1 {2}2001:db8:1::1 .*\n 2 {2}2001:db8:20::2 /m);
  for (const own of ["10.0.1.1", "2001:db8:1::1"])
    await blue.ask(["ping", "-n", "-c1", "-W2", own]);
});

test("a host that is not there is told as such", { skip }, async () => {
  for (const target of ["198.18.2.99", "2001:db8:20::99"]) {
    const { out } = await live.host("blue1").run(["ping", "-n", "-c1", "-W6", target]);
    assert.match(out, /Destination (?:Host|unreachable: Address) [Uu]nreachable/);
  }
});

test("packets in fragments", { skip }, async () => {
  for (const target of ["198.18.2.2", "2001:db8:20::2"]) {
    await live.host("blue1").ask(["ping", "-n", "-c2", "-i0.2", "-W3", "-s", "4000", target]);
  }
});

test("a smaller MTU behind the gateway is told", { skip }, async () => {
  const setMtu = (mtu: number) => {
    live.network.gateway.ip(`link set veth-green mtu ${mtu}`);
    live.host("green1").ip(`link set eth0 mtu ${mtu}`);
  };
  const blue = live.host("blue1");
  setMtu(1300);
  await sleep(500);
  const { out } = await blue.run([
    "ping",
    "-n",
    "-c2",
    "-i0.3",
    "-W2",
    "-M",
    "do",
    "-s",
    "1400",
    "198.18.2.2",
  ]);
  assert.match(out, /mtu ?= ?1300/i);
  const sum = createHash("sha256").update(new Uint8Array(3_000_000)).digest("hex");
  for (const target of ["198.18.2.2", "[2001:db8:20::2]"]) {
    const command = `head -c 3000000 /dev/zero | curl -sS -g -m20 --data-binary @- http://${target}/sha256`;
    const got = await blue.ask(["sh", "-c", command], { timeoutMillis: 30_000 });
    assert.ok(got.includes(sum), got);
  }
  setMtu(1500);
  await sleep(500);
});

test("no connection is lost by new configurations, right and wrong ones", { skip }, async () => {
  const words = [process.execPath, `${root}tests/e2e/support/connections.ts`];
  const all = ["198.18.2.2", "2001:db8:20::2"].map((target) =>
    live.host("blue1").ask([...words, target, "7", "100", "3"], { timeoutMillis: 30_000 }),
  );
  await sleep(500);
  const config = configOf("masquerade", "static", ISTHMUS);
  for (let i = 0; i < 4; i++) {
    live.write(`${config}  wrong: ${i}\n`);
    await sleep(300);
    await live.apply(config.replace("vpcs: {", `vpcs: { more${i}: { vni: ${500 + i} },`));
  }
  assert.deepEqual(await Promise.all(all), ["100\n", "100\n"]);
  assert.match(live.gateway.err, /There is no key/);
});

test("an interface that goes down and comes back", { skip }, async () => {
  live.network.gateway.ip("link set veth-green down");
  await sleep(300);
  live.network.gateway.ip("link set veth-green up");
  await sleep(1500);
  await visit(live, ...sidesOf("masquerade", "static"));
});

test("a neighbor with another MAC address", { skip }, async () => {
  live.host("green1").ip("link set eth0 address 02:00:00:00:77:77");
  for (const own of ["10.0.2.1", "2001:db8:2::1"])
    await live.host("green1").run(["ping", "-n", "-c1", "-W2", own]);
  await visit(live, ...sidesOf("masquerade", "static"));
});

test("killed, and started again", { skip }, async () => {
  live.gateway.signal("SIGKILL");
  await live.gateway.exited();
  await live.start().says(/the gateway runs/, 20_000);
  await visit(live, ...sidesOf("masquerade", "static"));
});

test("it stops when told to, with its counts, and leaves no rule behind", { skip }, async () => {
  const { status, err } = await live.gateway.stop(5000);
  assert.equal(status, 0);
  assert.match(err, /stopped: \d+ packets received, \d+ sent/);
});
