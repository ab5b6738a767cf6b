// The demonstration tells what happened, with the kernel as the gateway and with none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { DEMO_CONFIG } from "../../src/lab/demo/demo-network.ts";
import { describeVisit, payVisit } from "../../src/lab/demo/pay-visit.ts";
import { transfer, type Visit } from "../../src/lab/demo/visits.ts";
import { routeByKernel } from "../../src/lab/kernel-router.ts";
import { withLab } from "../../src/lab/lab.ts";
import { makeNetwork } from "../../src/lab/network.ts";
import { serve } from "../../src/lab/serve.ts";
import { natModes } from "../../src/nat/modes.ts";
import { whyNotLive } from "../live/namespaces.ts";

const why = whyNotLive();
const options = why === undefined ? {} : { skip: why };

test("the peerings of its configuration are right", () => {
  const peerings = DEMO_CONFIG.slice(0, DEMO_CONFIG.indexOf("isthmus:"));
  assert.deepEqual(loadConfig(peerings, "demo.yaml", natModes).issues, []);
});

const PING: Visit = {
  title: "ping",
  from: "blue1",
  to: "green1",
  words: ["ping", "-n", "-c1", "-W1", "198.51.100.2"],
  read: (out) => (/ 0% packet loss/.test(out) ? "an answer" : undefined),
};

const NAT = `
table ip nat {
  chain before { type nat hook prerouting priority -100; ip daddr 198.51.100.2 dnat to 10.0.1.2; }
  chain after { type nat hook postrouting priority 100; oifname "green" snat to 192.0.2.1; }
}`;

test("a visit tells what was sent, what arrived, and what became of it", options, async (t) => {
  await withLab(async (lab) => {
    const network = makeNetwork(lab, {
      segments: [
        {
          interface: "blue",
          via: ["10.0.0.1"],
          hosts: [{ name: "blue1", addresses: ["10.0.0.2/24"] }],
        },
        {
          interface: "green",
          via: ["10.0.1.1"],
          hosts: [{ name: "green1", addresses: ["10.0.1.2/24"] }],
        },
      ],
    });
    const without = await payVisit(network, PING);
    assert.equal(without.told, undefined);
    assert.equal(without.sent, undefined);
    assert.match(describeVisit(without), /blue1 sent {4}nothing\n {2}green1 got {4}nothing\n/);

    routeByKernel(network.gateway, { blue: ["10.0.0.1/24"], green: ["10.0.1.1/24"] });
    const nat = network.gateway.runSync(["nft", "-f", "-"], { input: NAT });
    if (nat.status !== 0) return t.skip(`this kernel has no NAT: ${nat.err}`);
    const ping = await payVisit(network, PING);
    assert.equal(ping.told, "an answer");
    assert.match(ping.sent ?? "", /^icmp 10\.0\.0\.2 > 198\.51\.100\.2 echo-request/);
    assert.match(ping.arrived ?? "", /^icmp 192\.0\.2\.1 > 10\.0\.1\.2 echo-request/);
    const became = ["10.0.0.2 became 192.0.2.1", "198.51.100.2 became 10.0.1.2"];
    assert.deepEqual(ping.translation.slice(0, 2), became);

    await serve(network.host("green1"), { web: 80 });
    const all = await payVisit(network, transfer("blue1", "green1", "198.51.100.2", 300_000));
    assert.equal(all.told, "300000 bytes, the right sha256");
    assert.match(describeVisit(all), /translation {3}10\.0\.0\.2:\d+ became 192\.0\.2\.1:\d+\n/);
    assert.match(describeVisit(all), /result {8}300000 bytes, the right sha256\n$/);
  });
});
