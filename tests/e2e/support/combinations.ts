// Every combination of NAT modes between two VPCs: blue's host, 10.0.1.2 and 2001:db8:1::2, and
// green's, 10.0.2.2 and 2001:db8:2::2, each with the gateway at .1.

import assert from "node:assert/strict";
import type { LiveNetwork } from "./live-network.ts";

/** What hosts have that are visited. */
export const SERVERS = {
  web: 80,
  echo: 7,
  dns: { port: 53, names: { "here.lab": ["192.0.2.7"] } },
};

export type Mode = "none" | "default" | "static" | "masquerade" | "port-forward";

export interface Side {
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

/** `isthmus` says where the hosts of both are: lines of a configuration. */
export function configOf(blue: Mode, green: Mode, isthmus: string): string {
  return `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: ${expose({ name: "blue", number: 1, mode: blue })} }
      green: { expose: ${expose({ name: "green", number: 2, mode: green })} }
${isthmus}`;
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

/** With ping, curl and dig, over IPv4 and IPv6, as far as the modes let one. */
export async function visit(live: LiveNetwork, from: Side, to: Side): Promise<void> {
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

export interface Combination {
  readonly sides: readonly [Side, Side];
  /** How many of the two may open connections. */
  readonly ways: number;
}

const MODES: readonly Mode[] = ["none", "default", "static", "masquerade", "port-forward"];

export function sidesOf(blue: Mode, green: Mode): [blue: Side, green: Side] {
  return [
    { name: "blue", number: 1, mode: blue },
    { name: "green", number: 2, mode: green },
  ];
}

/** All of them in which anybody may open. */
export function combinations(): Combination[] {
  const all = MODES.flatMap((blue) => MODES.map((green) => sidesOf(blue, green)));
  return all.flatMap((sides) => {
    const [blue, green] = sides;
    const ways = [opens(blue, green), opens(green, blue)].filter(Boolean).length;
    const defaults = blue.mode === "default" && green.mode === "default";
    return ways === 0 || defaults ? [] : { sides, ways };
  });
}

function opens({ mode }: Side, other: Side): boolean {
  return mode !== "port-forward" && addressesOf(other) !== undefined;
}
