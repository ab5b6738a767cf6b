// A real gateway with an underlay: hosts inside a VNI behind the kernel's own VXLAN devices, a
// router at the far end of a tunnel, and a VPC straight on an interface, all with NAT between them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tunnelMacOf } from "../../src/lab/network-plan.ts";
import { serve } from "../../src/lab/serve.ts";
import { contentSha256 } from "../../src/lab/servers/content.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { root } from "../support/source-files.ts";
import { LiveNetwork, sleep } from "./support/live-network.ts";

const skip = whyNotLive() ?? false;
const ROUTER_MAC = "02:00:00:00:0e:03";
const GATEWAY = "172.30.8.1/24";

/** Wide: two hosts in one VNI, each its own VTEP. Far: hosts behind a router. Edge: no tunnel. */
const PLAN = {
  segments: [
    {
      interface: "veth-edge",
      via: ["10.0.3.1", "2001:db8:3::1"],
      hosts: [{ name: "edge1", addresses: ["10.0.3.2/24", "2001:db8:3::2/64"] }],
    },
  ],
  underlay: {
    interface: "eth-under",
    address: GATEWAY,
    vteps: [
      {
        name: "wide1",
        address: "172.30.8.11/24",
        vni: 101,
        addresses: ["10.0.0.2/24", "2001:db8:1::2/64"],
        via: ["10.0.0.1", "2001:db8:1::1"],
      },
      {
        name: "wide2",
        address: "172.30.8.12/24",
        vni: 101,
        addresses: ["10.0.0.3/24", "2001:db8:1::3/64"],
        via: ["10.0.0.1", "2001:db8:1::1"],
      },
      {
        name: "router",
        address: "172.30.8.13/24",
        vni: 102,
        via: ["10.0.0.254", "2001:db8:2::fe"],
        router: {
          mac: ROUTER_MAC,
          gatewayMac: tunnelMacOf(GATEWAY),
          addresses: ["10.0.0.254/24", "2001:db8:2::fe/64"],
        },
        hosts: [{ name: "far1", addresses: ["10.0.0.2/24", "2001:db8:2::2/64"] }],
      },
    ],
  },
};

const CONFIG = `
vpcs: { wide: { vni: 101 }, far: { vni: 102 }, edge: { vni: 103 } }
peerings:
  wide--far:
    peering:
      wide:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.18.1.1/32 }], nat: { masquerade: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:10::1/128" }], nat: { masquerade: {} } }
      far:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.18.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:2::/64" }], as: [{ cidr: "2001:db8:20::/64" }], nat: { static: {} } }
  far--edge:
    peering:
      far:
        expose:
          - { ips: [{ cidr: 10.0.0.2/32 }], as: [{ cidr: 198.18.2.80/32 }], nat: { portForward: { ports: [{ proto: tcp, port: "80", as: "8080" }] } } }
          - ips: [{ cidr: "2001:db8:2::/64" }]
      edge:
        expose: [{ ips: [{ cidr: 10.0.3.0/24 }] }, { ips: [{ cidr: "2001:db8:3::/64" }] }]
  wide--edge:
    peering:
      wide:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.18.4.0/24 }], nat: { static: {} } }
          - ips: [{ cidr: "2001:db8:1::/64" }]
      edge:
        expose: [{ ips: [{ cidr: 10.0.3.0/24 }] }, { ips: [{ cidr: "2001:db8:3::/64" }] }]
isthmus:
  underlay: { interface: eth-under, vtep: 172.30.8.1 }
  attachments:
    - { vpc: wide, vteps: [172.30.8.11, 172.30.8.12], address: 10.0.0.1/24 }
    - { vpc: wide, vteps: [172.30.8.11, 172.30.8.12], address: "2001:db8:1::1/64" }
    - { vpc: edge, interface: veth-edge, address: 10.0.3.1/24 }
    - { vpc: edge, interface: veth-edge, address: "2001:db8:3::1/64" }
  vpcs:
    far: { vtep: 172.30.8.13, routerMac: "${ROUTER_MAC}", addresses: [10.0.0.99, "2001:db8:2::99"] }
`;
const SERVERS = { web: 80, echo: 7, dns: { port: 53, names: { "here.lab": ["192.0.2.7"] } } };

let live: LiveNetwork;

before(async () => {
  if (skip) return;
  live = await LiveNetwork.open(PLAN, CONFIG);
  for (const host of ["wide1", "far1", "edge1"]) await serve(live.host(host), SERVERS);
});
after(async () => live?.close());

async function visit(from: string, targets: readonly string[], seen: readonly string[]) {
  const host = live.host(from);
  for (const [index, target] of targets.entries()) {
    await host.ask(["ping", "-n", "-c1", "-W3", target]);
    const url = target.includes(":") ? `http://[${target}]/` : `http://${target}/`;
    const answer = JSON.parse(await host.ask(["curl", "-sS", "-g", "-m5", url]));
    assert.equal(answer.client.address.replace("::ffff:", ""), seen[index]);
    const name = await host.ask(["dig", "+short", "+tries=1", "+time=3", `@${target}`, "here.lab"]);
    assert.equal(name.trim(), "192.0.2.7");
  }
}

/** How often the gateway's kernel has told somebody that nobody listens. */
async function refusals(): Promise<string | undefined> {
  const out = await live.network.gateway.ask(["cat", "/proc/net/snmp"]);
  const [names = "", values = ""] = out.split("\n").filter((line) => line.startsWith("Icmp:"));
  return values.split(" ")[names.split(" ").indexOf("OutDestUnreachs")];
}

const FAR = ["198.18.2.2", "2001:db8:20::2"];

test("from a VNI through masquerade to hosts behind a router, from both VTEPs", {
  skip,
}, async () => {
  for (const host of ["wide1", "wide2"]) {
    await visit(host, FAR, ["198.18.1.1", "2001:db8:10::1"]);
  }
});

test("between a VNI and an interface, both ways", { skip }, async () => {
  await visit("wide1", ["10.0.3.2", "2001:db8:3::2"], ["198.18.4.2", "2001:db8:1::2"]);
  await visit("edge1", ["198.18.4.2", "2001:db8:1::2"], ["10.0.3.2", "2001:db8:3::2"]);
});

test("from an interface to a forwarded port behind a router", { skip }, async () => {
  const out = await live.host("edge1").ask(["curl", "-sS", "-m5", "http://198.18.2.80:8080/"]);
  assert.equal(JSON.parse(out).client.address.replace("::ffff:", ""), "10.0.3.2");
  await visit("edge1", ["2001:db8:2::2"], ["2001:db8:3::2"]);
});

test("connections at once; every frame on the underlay is right, and the kernel is silent", {
  skip,
}, async () => {
  const refused = await refusals();
  const judge = live.capture("eth-under");
  const words = [process.execPath, `${root}tests/e2e/support/connections.ts`, FAR[0]!, "7", "200"];
  assert.equal(await live.host("wide2").ask(words, { timeoutMillis: 30_000 }), "200\n");
  const { frames, bad } = judge.judge();
  assert.ok(frames > 2000, `${frames}`);
  assert.deepEqual(bad, []);
  assert.equal(await refusals(), refused);
});

test("200 MB arrive as they left", { skip }, async () => {
  const bytes = 200_000_000;
  const command = `curl -sS -m60 http://${FAR[0]}/bytes/${bytes} | sha256sum`;
  const out = await live.host("wide1").ask(["sh", "-c", command], { timeoutMillis: 90_000 });
  assert.match(out, new RegExp(`^${contentSha256(bytes)}`));
});

test("traceroute, fragments, ping to the gateway inside a VNI", { skip }, async () => {
  const wide = live.host("wide1");
  const hops = await wide.ask(["traceroute", "-n", "-q1", "-w2", "-m4", FAR[0]!]);
  assert.match(hops, /^ 1 {2}10\.0\.0\.1 /m);
  for (const target of [...FAR, "10.0.3.2"]) {
    await wide.ask(["ping", "-n", "-c2", "-i0.2", "-W3", "-s", "4000", target]);
  }
  for (const own of ["10.0.0.1", "2001:db8:1::1"])
    await wide.ask(["ping", "-n", "-c1", "-W2", own]);
});

test("what does not fit into a tunnel is told to the sender", { skip }, async () => {
  live.network.gateway.ip("link set eth-under mtu 1450");
  await sleep(700);
  const { out } = await live
    .host("edge1")
    .run([...["ping", "-n", "-c2", "-i0.3", "-W2", "-M", "do", "-s", "1450", "198.18.4.2"]]);
  assert.match(out, /mtu ?= ?1400/i);
  live.network.gateway.ip("link set eth-under mtu 1550");
  await sleep(700);
});

test("a VTEP with another MAC address", { skip }, async () => {
  live.host("router").ip("link set eth0 address 02:00:00:00:77:78");
  await live.host("router").run(["ping", "-n", "-c1", "-W2", "172.30.8.1"]);
  await sleep(300);
  await live.host("wide1").ask(["curl", "-sS", "-m5", `http://${FAR[0]}/`]);
});

test("killed, and started again", { skip }, async () => {
  live.gateway.signal("SIGKILL");
  await live.gateway.exited();
  await live.start().says(/the gateway runs/, 20_000);
  await visit("wide2", FAR, ["198.18.1.1", "2001:db8:10::1"]);
});
