// What hosts of a network can do with each other when the gateway between them works.

import assert from "node:assert/strict";
import type { Namespace } from "../../src/lab/namespace.ts";
import { bareAddress } from "../../src/lab/network-plan.ts";
import { contentSha256 } from "../../src/lab/servers/content.ts";
import type { ServersPlan } from "../../src/lab/servers/plan.ts";
import type { Asked } from "../../src/lab/servers/web.ts";

const MEGABYTE = 1_000_000;

export const SERVERS: ServersPlan = {
  web: 80,
  echo: 7,
  dns: { port: 53, names: { "web.lab": ["192.0.2.80", "2001:db8::80"] } },
};

/** How an address stands in a URL. */
function inUrl(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** `client` has the address `own` and asks `server`, which runs SERVERS; both with length. */
export async function proveReach(client: Namespace, own: string, server: string): Promise<void> {
  const address = bareAddress(server);
  const web = `http://${inUrl(address)}`;
  await client.ask(["ping", "-c1", "-W2", address]);
  const seen: Asked = JSON.parse(await client.ask(["curl", "-sS", "-m5", `${web}/`]));
  assert.equal(seen.client.address, bareAddress(own));
  assert.equal(seen.server.address, address);
  const got = client.runSync(["sh", "-c", `curl -sS -m9 ${web}/bytes/${MEGABYTE} | sha256sum`]);
  assert.equal(got.out.split(" ")[0], contentSha256(MEGABYTE));
  const sent = `head -c ${MEGABYTE} /dev/zero | curl -sS -m9 --data-binary @- ${web}/sha256`;
  const answer = JSON.parse(await client.ask(["sh", "-c", sent]));
  assert.equal(answer.bytes, MEGABYTE);
  const echoed = await client.ask(["curl", "-sS", "-m5", "--data", "a=1", `${web}/echo`]);
  assert.equal(echoed, "a=1");
}

/** Name servers answer by UDP and TCP, for IPv4 and IPv6 addresses. */
export async function proveNames(client: Namespace, server: string): Promise<void> {
  const dig = async (...words: string[]) => {
    const asked = ["dig", "+short", "+tries=1", "+time=2", `@${bareAddress(server)}`, ...words];
    return (await client.ask(asked)).trim();
  };
  assert.equal(await dig("web.lab"), "192.0.2.80");
  assert.equal(await dig("+tcp", "web.lab", "AAAA"), "2001:db8::80");
  assert.equal(await dig("+noshort", "+noall", "+comments", "no.lab").then(statusOf), "NXDOMAIN");
}

function statusOf(comments: string): string | undefined {
  return comments.match(/status: (\w+)/)?.[1];
}

/** The routers on the way, and the server at its end. */
export async function proveWay(client: Namespace, hops: readonly string[]): Promise<void> {
  const out = await client.ask(["traceroute", "-n", "-w1", "-q1", hops.at(-1) ?? ""]);
  const seen = out.split("\n").flatMap((line) => line.match(/^ *\d+ +(\S+)/)?.[1] ?? []);
  assert.deepEqual(seen, hops);
}
