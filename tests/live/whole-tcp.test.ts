// Connections between the network stacks of two hosts through a gateway that translates them: every
// byte arrives both ways, and no stack ever finds a wrong checksum.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { ForwarderOptions, ForwarderPort } from "./forwarder.ts";
import { ip, ipShow, liveSystem, Namespaces, whyNotLive } from "./namespaces.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const BYTES = 50_000_000;
const MACS = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04"];
const CONFIG = JSON.stringify({
  vpcs: { a: { vni: 100 }, b: { vni: 200 } },
  peerings: {
    p: {
      peering: {
        a: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "10.1.0.1/32" }],
              nat: { masquerade: {} },
            },
            {
              ips: [{ cidr: "2001:db8::/64" }],
              as: [{ cidr: "2001:db8:1::1/128" }],
              nat: { masquerade: {} },
            },
          ],
        },
        b: {
          expose: [{ ips: [{ cidr: "10.1.0.2/32" }] }, { ips: [{ cidr: "2001:db8:1::2/128" }] }],
        },
      },
    },
  },
});

interface Said {
  readonly sent: string;
  readonly got: string;
  readonly bytes: number;
}

/** A program in a namespace: what it prints, line by line. */
class Program {
  readonly #child: ChildProcess;
  #text = "";

  constructor(namespace: string, ...words: readonly string[]) {
    const node = ["--disable-warning=ExperimentalWarning", ...words];
    const all = ["netns", "exec", namespace, process.execPath, ...node];
    this.#child = spawn("ip", all, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout!.setEncoding("utf8");
    this.#child.stdout!.on("data", (text: string) => {
      this.#text += text;
    });
  }

  /** Line number `index`, when it is there. */
  async line(index: number): Promise<string> {
    for (let waited = 0; waited < 6000; waited++) {
      const lines = this.#text.split("\n");
      if (lines.length > index + 1) return lines[index]!;
      if (this.#child.exitCode !== null && waited > 100) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`line ${index} of ${this.#child.spawnargs.join(" ")}: ${this.#text}`);
  }

  kill(): void {
    this.#child.kill();
  }
}

/** Three namespaces in a row, the gateway's in the middle, with static neighbors. */
function makeHosts(): Namespaces {
  const spaces = new Namespaces(system, 3);
  const [left, middle, right] = spaces.names;
  for (const [port, host, near, far] of [
    ["ga", left, MACS[0], MACS[1]],
    ["gb", right, MACS[2], MACS[3]],
  ]) {
    const end = `${port} netns ${middle} address ${near}`;
    ip(`link add ${end} type veth peer name host0 netns ${host} address ${far}`);
    spaces.inside(middle!, () => ip(`link set ${port} up`));
    const [v4, v6] = port === "ga" ? ["10.0.0", "2001:db8:"] : ["10.1.0", "2001:db8:1:"];
    spaces.inside(host!, () => {
      writeFileSync("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
      writeFileSync("/proc/sys/net/ipv6/conf/host0/disable_ipv6", "0");
      ip("link set host0 up", `address add ${v4}.2/24 dev host0`);
      ip(`address add ${v6}:2/64 dev host0 nodad`);
      ip(`neighbor add ${v4}.1 lladdr ${near} dev host0`);
      ip(`neighbor add ${v6}:1 lladdr ${near} dev host0`);
      ip(`route add default via ${v4}.1`, `route add ::/0 via ${v6}:1`);
    });
  }
  return spaces;
}

/** Of TCP, over IPv4 and IPv6: segments that the host's stack found broken. */
function checksumErrors(namespace: string): number {
  const shown = ipShow(`netns exec ${namespace} cat /proc/net/snmp`);
  const [names, values] = shown.split("\n").filter((line) => line.startsWith("Tcp:"));
  return Number(values!.split(" ")[names!.split(" ").indexOf("InCsumErrors")]);
}

async function proveConnection(
  kinds: readonly ForwarderPort["driver"][],
  address: string,
): Promise<{ received: number }[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-whole-"));
  const spaces = makeHosts();
  const [left, middle, right] = spaces.names;
  const programs: Program[] = [];
  const start = (namespace: string, file: string, ...words: readonly string[]): Program => {
    const program = new Program(namespace, `${import.meta.dirname}/${file}`, ...words);
    programs.push(program);
    return program;
  };
  try {
    const options: ForwarderOptions = {
      config: CONFIG,
      ports: [
        { interface: "ga", driver: kinds[0]!, host: MACS[1]! },
        { interface: "gb", driver: kinds[1]!, host: MACS[3]! },
      ],
      stop: `${folder}/stop`,
    };
    const forwarder = start(middle!, "forwarder.ts", JSON.stringify(options));
    const server = start(right!, "tcp-end.ts", "listen", address, "80", String(BYTES), "1");
    await Promise.all([forwarder.line(0), server.line(0)]);
    const client = start(left!, "tcp-end.ts", "connect", address, "80", String(BYTES), "2");
    const ends = await Promise.all([client.line(0), server.line(1)]);
    const [there, back] = ends.map((line) => JSON.parse(line) as Said);
    assert.equal(there!.bytes, BYTES);
    assert.equal(back!.bytes, BYTES);
    assert.equal(back!.got, there!.sent);
    assert.equal(there!.got, back!.sent);
    for (const host of [left!, right!]) assert.equal(checksumErrors(host), 0);
    writeFileSync(options.stop, "");
    return JSON.parse(await forwarder.line(1)).drivers;
  } finally {
    for (const program of programs) program.kill();
    spaces.remove();
    rmSync(folder, { recursive: true });
  }
}

for (const address of ["10.1.0.2", "2001:db8:1::2"]) {
  for (const kinds of [
    ["whole", "whole"],
    ["whole", "cut"],
    ["whole", "AF_XDP"],
  ] as const) {
    const name = `a connection to ${address} by ports ${kinds.join(" and ")}`;
    test(name, why === undefined ? {} : { skip: why }, async () => {
      const drivers = await proveConnection(kinds, address);
      const frames = drivers[0]!.received;
      assert.ok(frames * 5000 < BYTES * 1.5, `${frames} frames are not whole ones`);
    });
  }
}
