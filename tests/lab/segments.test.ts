// Networks of segments work when the kernel is their gateway.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Capture } from "../../src/lab/capture.ts";
import { routeByKernel } from "../../src/lab/kernel-router.ts";
import { type Lab, openLab } from "../../src/lab/lab.ts";
import { makeNetwork, type Network } from "../../src/lab/network.ts";
import { serve } from "../../src/lab/serve.ts";
import { whyNotLive } from "../live/namespaces.ts";
import { findProgram } from "../support/external-tool.ts";
import { judge } from "./judge.ts";
import { proveNames, proveReach, proveWay, SERVERS } from "./prove-reach.ts";

const why = whyNotLive();
const options = why === undefined ? {} : { skip: why };

describe("hosts on segments", options, () => {
  const blue = {
    via: ["10.0.0.1", "2001:db8:a::1"],
    addresses: ["10.0.0.2/24", "2001:db8:a::2/64"],
  };
  const green = ["10.0.1.2/24", "2001:db8:b::2/64"];
  let lab: Lab;
  let network: Network;
  let capture: Capture;

  before(async () => {
    lab = await openLab();
    network = makeNetwork(lab, {
      segments: [
        {
          interface: "veth-blue",
          via: blue.via,
          hosts: [{ name: "blue1", addresses: blue.addresses }],
        },
        {
          interface: "veth-green",
          via: ["10.0.1.1", "2001:db8:b::1"],
          hosts: [
            { name: "green1", addresses: green },
            { name: "green2", addresses: ["10.0.1.7/24"], behind: ["10.9.0.1"] },
          ],
        },
      ],
    });
    await serve(network.host("green1"), SERVERS);
  });
  after(() => lab?.close());

  test("the gateway has no address and says nothing, until it is told to", () => {
    const { gateway } = network;
    const shown = gateway.runSync(["ip", "-o", "address", "show", "veth-blue"]).out;
    assert.equal(shown, "");
    const heard = network.host("blue1").capture("eth0", { inbound: true });
    const ping = ["ping", "-c1", "-W1", "10.0.0.1"];
    assert.equal(network.host("blue1").runSync(ping).status, 1);
    assert.deepEqual(heard.stop(), []);
    routeByKernel(gateway, {
      "veth-blue": ["10.0.0.1/24", "2001:db8:a::1/64"],
      "veth-green": ["10.0.1.1/24", "2001:db8:b::1/64"],
    });
    gateway.ip("route add 10.9.0.1 via 10.0.1.7");
    capture = gateway.capture("veth-green");
  });

  for (const [at, family] of ["IPv4", "IPv6"].entries()) {
    test(`they reach each other by ${family}`, async () => {
      const client = network.host("blue1");
      await proveReach(client, blue.addresses[at] ?? "", green[at] ?? "");
      await proveNames(client, green[at] ?? "");
    });
  }

  test("they see the way, and who is behind a router", async () => {
    const client = network.host("blue1");
    await proveWay(client, ["10.0.0.1", "10.0.1.2"]);
    await proveWay(client, ["2001:db8:a::1", "2001:db8:b::2"]);
    await client.ask(["ping", "-c1", "-W2", "10.9.0.1"]);
    await network.host("green1").ask(["ping", "-c1", "-W2", "10.0.1.7"]);
  });

  test("a capture has finished what hosts left to a network card", (t) => {
    if (!findProgram(t, "tshark", "to judge what was captured")) return;
    assert.deepEqual(judge(capture), []);
    assert.ok(capture.frames.some(({ unfinished }) => unfinished));
    assert.ok(capture.frames.some(({ bytes }) => bytes.length > 9000));
  });

  test("without checksum offload nothing was left to do, in quoted packets either", async (t) => {
    if (!findProgram(t, "tshark", "to judge what was captured")) return;
    for (const name of ["blue1", "green1"]) network.host(name).setChecksumOffload("eth0", false);
    const full = network.gateway.capture("veth-blue");
    await proveReach(network.host("blue1"), blue.addresses[0] ?? "", green[0] ?? "");
    await proveWay(network.host("blue1"), ["10.0.0.1", "10.0.1.2"]);
    assert.deepEqual(judge(full, true), []);
    assert.ok(full.frames.every(({ unfinished }) => !unfinished));
    assert.ok(full.frames.every(({ bytes }) => bytes.length <= 1514));
  });
});

describe("plans", options, () => {
  test("a name that is there twice is refused, and so is one that is not there", async () => {
    const lab = await openLab();
    try {
      const host = { name: "blue1", addresses: ["10.0.0.2/24"] };
      const segment = { interface: "a", via: [], hosts: [host] };
      assert.throws(
        () => makeNetwork(lab, { segments: [segment, { ...segment, interface: "b" }] }),
        { message: "two in the plan are called blue1" },
      );
      const network = makeNetwork(lab, { segments: [segment] });
      assert.throws(() => network.host("red"), { message: "nobody in the plan is called red" });
    } finally {
      lab.close();
    }
  });
});
