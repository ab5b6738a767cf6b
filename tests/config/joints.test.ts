// What the live gateway gets to know: values, not text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/model.ts";
import { natModes } from "../../src/nat/modes.ts";
import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { parsePrefix } from "../../src/wire/prefix.ts";

function load(isthmus: string): Config {
  const vpcs = "vpcs: { blue: { vni: 101 }, green: { vni: 102 }, red: { vni: 103 } }\n";
  const { config, issues } = loadConfig(`${vpcs}isthmus:\n${isthmus}`, "gw.yaml", natModes);
  assert.deepEqual(issues, []);
  assert.ok(config);
  return config;
}

const FULL = `
  attachments:
    - { vpc: blue, interface: veth-blue, address: 10.0.0.1/24 }
    - { vpc: blue, interface: veth-blue, address: "2001:db8::1/64" }
    - { vpc: green, vteps: [172.30.8.11, 172.30.8.12], address: 10.0.0.1/24 }
  routes:
    - { vpc: blue, to: 0.0.0.0/0, via: 10.0.0.7 }
    - { vpc: green, to: 10.2.0.0/16, vtep: 172.30.8.3, routerMac: "02:00:00:00:00:03" }
  vpcs:
    red: { vtep: 172.30.8.4, routerMac: "02:00:00:00:00:04" }
  underlay: { interface: eth1, vtep: 172.30.8.1 }
  interfaces:
    veth-blue: { driver: af-xdp, promiscuous: true }
    eth1: {}
`;

const place = (line: number, column: number) => ({ file: "gw.yaml", line, column });
const ip = (text: string) => parseIpAddress(text)!;

test("attachments", () => {
  const onBlue = { kind: "interface", interface: "veth-blue" };
  const inGreen = { kind: "vxlan", vteps: [ip("172.30.8.11"), ip("172.30.8.12")] };
  assert.deepEqual(load(FULL).attachments, [
    {
      vpc: "blue",
      segment: onBlue,
      address: ip("10.0.0.1"),
      network: parsePrefix("10.0.0.0/24"),
      place: place(5, 7),
    },
    {
      vpc: "blue",
      segment: onBlue,
      address: ip("2001:db8::1"),
      network: parsePrefix("2001:db8::/64"),
      place: place(6, 7),
    },
    {
      vpc: "green",
      segment: inGreen,
      address: ip("10.0.0.1"),
      network: parsePrefix("10.0.0.0/24"),
      place: place(7, 7),
    },
  ]);
});

test("static routes", () => {
  const routerMac = parseMac("02:00:00:00:00:03");
  assert.deepEqual(load(FULL).routes, [
    {
      vpc: "blue",
      to: parsePrefix("0.0.0.0/0"),
      hop: { kind: "router", via: ip("10.0.0.7") },
      place: place(9, 7),
    },
    {
      vpc: "green",
      to: parsePrefix("10.2.0.0/16"),
      hop: { kind: "tunnel", vtep: ip("172.30.8.3"), routerMac },
      place: place(10, 7),
    },
  ]);
});

test("the far end of a VPC's tunnel", () => {
  const remote = { vtep: ip("172.30.8.4"), routerMac: parseMac("02:00:00:00:00:04") };
  assert.deepEqual(
    load(FULL).vpcs.map((vpc) => vpc.remote),
    [undefined, undefined, remote],
  );
});

test("the underlay, and its MAC as written or made of the VTEP's address", () => {
  const vtepMac = parseMac("02:49:ac:1e:08:01");
  assert.deepEqual(load(FULL).underlay, {
    interface: "eth1",
    vtep: ip("172.30.8.1"),
    vtepMac,
    place: place(13, 3),
  });
  const written = '  underlay: { interface: eth1, vtep: 10.0.0.1, vtepMac: "0a:00:00:00:00:01" }\n';
  assert.deepEqual(load(written).underlay?.vtepMac, parseMac("0a:00:00:00:00:01"));
});

test("options of interfaces, in name order and with what is not said", () => {
  assert.deepEqual(load(FULL).interfaces, [
    { name: "eth1", driver: "af-packet", promiscuous: false, place: place(16, 5) },
    { name: "veth-blue", driver: "af-xdp", promiscuous: true, place: place(15, 5) },
  ]);
});

test("without any of it there is nothing", () => {
  const { attachments, routes, underlay, interfaces, vpcs } = load("  clampMss: true\n");
  assert.deepEqual([attachments, routes, underlay, interfaces], [[], [], undefined, []]);
  assert.deepEqual(vpcs[0]?.addresses, []);
});

test("ICMP errors come from the address that the VPC is given, or from its first attachment's", () => {
  const attachments = `
  attachments:
    - { vpc: blue, interface: eth1, address: 10.0.1.1/24 }
    - { vpc: blue, interface: eth2, address: "2001:db8:2::1/64" }
    - { vpc: blue, interface: eth2, address: 10.0.2.1/24 }
    - { vpc: blue, interface: eth1, address: "2001:db8:1::1/64" }
`;
  const addresses = (text: string) => load(text).vpcs[0]?.addresses.map(formatIpAddress);
  assert.deepEqual(addresses(attachments), ["10.0.1.1", "2001:db8:2::1"]);
  // One that an attachment has too is no second one: it is chosen.
  const chosen = `${attachments}  vpcs: { blue: { addresses: [10.0.2.1] } }\n`;
  assert.deepEqual(addresses(chosen), ["10.0.2.1", "2001:db8:2::1"]);
});
