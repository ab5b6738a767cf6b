// Real hosts on two interfaces of a real gateway: every combination of NAT modes that one side may
// open through, over IPv4 and IPv6, with ordinary programs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { serve } from "../../src/lab/serve.ts";
import { contentSha256 } from "../../src/lab/servers/content.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";
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
const SERVERS = {
  web: 80,
  echo: 7,
  dns: { port: 53, names: { "here.lab": ["192.0.2.7"] } },
};

type Mode = "none" | "default" | "static" | "masquerade" | "port-forward";

interface Side {
  readonly name: string;
  readonly number: 1 | 2;
  readonly mode: Mode;
}

function expose({ number, mode }: Side): string {
  const nets = [
    `10.0.${number}`,
    `198.18.${number}`,
    `2001:db8:${number}:`,
    `2001:db8:${number}0:`,
  ];
  const [own, seen, own6, seen6] = nets;
  const pair = (
    nat: string,
    to: string,
    to6: string,
    from = `${own}.0/24`,
    from6 = `"${own6}:/64"`,
  ) =>
    `[{ ips: [{ cidr: ${from} }], as: [{ cidr: ${to} }], nat: { ${nat} } }, ` +
    `{ ips: [{ cidr: ${from6} }], as: [{ cidr: "${to6}" }], nat: { ${nat} } }]`;
  switch (mode) {
    case "none":
      return `[{ ips: [{ cidr: ${own}.0/24 }] }, { ips: [{ cidr: "${own6}:/64" }] }]`;
    case "default":
      return "[{ default: true }]";
    case "static":
      return pair("static: {}", `${seen}.0/24`, `${seen6}:/64`);
    case "masquerade":
      return pair("masquerade: {}", `${seen}.1/32`, `${seen6}:1/128`);
    default: {
      const ports =
        '{ ports: [{ proto: tcp, port: "80", as: "80" }, { proto: udp, port: "53", as: "53" }] }';
      return pair(
        `portForward: ${ports}`,
        `${seen}.80/32`,
        `${seen6}:80/128`,
        `${own}.2/32`,
        `"${own6}:2/128"`,
      );
    }
  }
}

function configOf(blue: Mode, green: Mode): string {
  return `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: ${expose({ name: "blue", number: 1, mode: blue })} }
      green: { expose: ${expose({ name: "green", number: 2, mode: green })} }
isthmus:
  attachments:
    - { vpc: blue, interface: veth-blue, address: 10.0.1.1/24 }
    - { vpc: blue, interface: veth-blue, address: "2001:db8:1::1/64" }
    - { vpc: green, interface: veth-green, address: 10.0.2.1/24 }
    - { vpc: green, interface: veth-green, address: "2001:db8:2::1/64" }
`;
}

/** By what the other side reaches a host, IPv4 and IPv6; none where nobody may open. */
function addressesOf({ number, mode }: Side): [string, string] | undefined {
  const last = { none: "2", default: "2", static: "2", "port-forward": "80", masquerade: "" }[mode];
  if (last === "") return undefined;
  const translated = mode === "static" || mode === "port-forward";
  return translated
    ? [`198.18.${number}.${last}`, `2001:db8:${number}0::${last}`]
    : [`10.0.${number}.${last}`, `2001:db8:${number}::${last}`];
}

/** As whom the other side sees a host that opens. */
function seenAs({ number, mode }: Side): [string, string] {
  if (mode === "none" || mode === "default") return [`10.0.${number}.2`, `2001:db8:${number}::2`];
  const last = mode === "static" ? "2" : "1";
  return [`198.18.${number}.${last}`, `2001:db8:${number}0::${last}`];
}

let live: LiveNetwork;

before(async () => {
  if (skip) return;
  live = await LiveNetwork.open(PLAN, configOf("static", "static"));
  for (const host of ["blue1", "green1"]) await serve(live.host(host), SERVERS);
});
after(async () => live?.close());

async function visit(from: Side, to: Side): Promise<void> {
  const targets = addressesOf(to);
  if (targets === undefined || from.mode === "port-forward") return;
  const host = live.host(`${from.name}1`);
  for (const [family, target] of targets.entries()) {
    const seen = seenAs(from)[family];
    if (to.mode !== "port-forward") {
      const { status, out } = await host.run(["ping", "-n", "-c1", "-W3", target]);
      assert.equal(status, 0, out);
    }
    const url = family === 0 ? `http://${target}/` : `http://[${target}]/`;
    const answer = JSON.parse(await host.ask(["curl", "-sS", "-g", "-m5", url]));
    assert.equal(answer.client.address.replace("::ffff:", ""), seen, `${from.name} to ${to.name}`);
    const name = await host.ask(["dig", "+short", "+tries=1", "+time=3", `@${target}`, "here.lab"]);
    assert.equal(name.trim(), "192.0.2.7");
  }
}

const MODES: readonly Mode[] = ["none", "default", "static", "masquerade", "port-forward"];
for (const blue of MODES) {
  for (const green of MODES) {
    const nobody = blue === green && (blue === "masquerade" || blue === "port-forward");
    if (nobody || (blue === "default" && green === "default")) continue;
    const opens = ({ mode }: Side, other: Side) =>
      mode !== "port-forward" && addressesOf(other) !== undefined;
    const sides: [Side, Side] = [
      { name: "blue", number: 1, mode: blue },
      { name: "green", number: 2, mode: green },
    ];
    const ways = [opens(...sides), opens(sides[1], sides[0])].filter(Boolean).length;
    test(`${blue} facing ${green}: ${ways} way(s), IPv4 and IPv6`, { skip }, async () => {
      await live.apply(configOf(blue, green));
      await visit(...sides);
      await visit(sides[1], sides[0]);
    });
  }
}

test("a thousand connections at once, and frames that tshark finds right", { skip }, async () => {
  await live.apply(configOf("masquerade", "static"));
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
  const target = ["198.18.2.2", "7", "200", "3"];
  const all = live.host("blue1").ask([...words, ...target], { timeoutMillis: 30_000 });
  await sleep(500);
  const config = configOf("masquerade", "static");
  for (let i = 0; i < 4; i++) {
    live.write(`${config}  wrong: ${i}\n`);
    await sleep(300);
    await live.apply(config.replace("vpcs: {", `vpcs: { more${i}: { vni: ${500 + i} },`));
  }
  assert.equal(await all, "200\n");
  assert.match(live.gateway.err, /There is no key/);
});

test("an interface that goes down and comes back", { skip }, async () => {
  live.network.gateway.ip("link set veth-green down");
  await sleep(300);
  live.network.gateway.ip("link set veth-green up");
  await sleep(1500);
  await live.host("blue1").ask(["curl", "-sS", "-m5", "http://198.18.2.2/"]);
});

test("a neighbor with another MAC address", { skip }, async () => {
  live.host("green1").ip("link set eth0 address 02:00:00:00:77:77");
  await live.host("green1").run(["ping", "-n", "-c1", "-W2", "10.0.2.1"]);
  await live.host("blue1").ask(["curl", "-sS", "-m5", "http://198.18.2.2/"]);
});

test("killed, and started again", { skip }, async () => {
  live.gateway.signal("SIGKILL");
  await live.gateway.exited();
  await live.start().says(/the gateway runs/, 20_000);
  const blue = live.host("blue1");
  await blue.ask(["ping", "-n", "-c1", "-W3", "198.18.2.2"]);
  await blue.ask(["curl", "-sS", "-m5", "http://198.18.2.2/"]);
});

test("it stops when told to, with its counts, and leaves no rule behind", { skip }, async () => {
  const { status, err } = await live.gateway.stop(5000);
  assert.equal(status, 0);
  assert.match(err, /stopped: \d+ packets received, \d+ sent/);
});
