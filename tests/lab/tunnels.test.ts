// Networks of tunnels work when the kernel is their gateway.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Capture } from "../../src/lab/capture.ts";
import { routeByKernel } from "../../src/lab/kernel-router.ts";
import { type Lab, openLab } from "../../src/lab/lab.ts";
import { makeNetwork, type Network } from "../../src/lab/network.ts";
import { tunnelMacOf, type VtepPlan } from "../../src/lab/network-plan.ts";
import { serve } from "../../src/lab/serve.ts";
import { makeTunnel } from "../../src/lab/vtep.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { findProgram } from "../support/external-tool.ts";
import { judge } from "./judge.ts";
import { proveNames, proveReach, proveWay, SERVERS } from "./prove-reach.ts";

const why = whyNotLive();
const options = why === undefined ? {} : { skip: why };

describe("hosts behind tunnels", options, () => {
  const own = "172.30.8.1/24";
  const mac = tunnelMacOf(own);
  const via = ["10.0.0.1", "2001:db8:a::1"];
  const blue1 = ["10.0.0.2/24", "2001:db8:a::2/64"];
  const green = ["10.2.0.2/24", "2001:db8:c::2/64"];
  const vteps: VtepPlan[] = [
    {
      name: "vtep1",
      address: "172.30.8.11/24",
      vni: 101,
      via,
      hosts: [
        { name: "blue1", addresses: blue1 },
        { name: "blue2", addresses: ["10.0.0.3/24"] },
      ],
    },
    { name: "vtep2", address: "172.30.8.12/24", vni: 101, via, addresses: ["10.0.0.4/24"] },
    {
      name: "vtep3",
      address: "172.30.8.13/24",
      vni: 102,
      via: [],
      router: {
        mac: "02:00:00:00:00:03",
        gatewayMac: mac,
        addresses: ["10.2.0.1/24", "2001:db8:c::1/64"],
      },
      hosts: [{ name: "green1", addresses: green }],
    },
  ];
  let lab: Lab;
  let network: Network;
  let capture: Capture;

  before(async () => {
    lab = await openLab();
    network = makeNetwork(lab, { underlay: { interface: "eth1", address: own, vteps } });
    const { gateway } = network;
    for (const vni of [101, 102]) {
      const remotes = vteps.filter((vtep) => vtep.vni === vni).map(({ address }) => address);
      makeTunnel(gateway, { vni, local: own, remotes, mtu: 1500, mac });
    }
    routeByKernel(gateway, { vx101: ["10.0.0.1/24", "2001:db8:a::1/64"] });
    const hops = ["169.254.0.1", "fe80::1"];
    gateway.ip(
      ...hops.map((hop) => `neigh add ${hop} lladdr 02:00:00:00:00:03 dev vx102`),
      "route add 10.2.0.0/24 via 169.254.0.1 dev vx102 onlink",
      "route add 2001:db8:c::/64 via fe80::1 dev vx102 onlink",
    );
    await serve(network.host("green1"), SERVERS);
    capture = gateway.capture("eth1");
  });
  after(() => lab?.close());

  test("within a VNI they find each other, on one endpoint and across", async () => {
    for (const name of ["blue2", "vtep2"]) {
      await network.host(name).ask(["ping", "-c1", "-W2", "10.0.0.2"]);
    }
  });

  for (const [at, family] of ["IPv4", "IPv6"].entries()) {
    test(`they reach a host behind an L3 tunnel by ${family}`, async () => {
      await proveReach(network.host("blue1"), blue1[at] ?? "", green[at] ?? "");
      await proveNames(network.host("blue1"), green[at] ?? "");
    });
  }

  test("so does an endpoint that is a host itself", async () => {
    await network.host("vtep2").ask(["curl", "-sS", "-m5", "http://10.2.0.2/"]);
    await proveWay(network.host("vtep2"), ["10.0.0.1", "172.30.8.13", "10.2.0.2"]);
  });

  test("a capture has right checksums, outside and inside", (t) => {
    if (!findProgram(t, "tshark", "to judge what was captured")) return;
    assert.deepEqual(judge(capture), []);
  });
});
