// The demonstration with real hosts: makes the network, starts the gateway in it, lets hosts ask
// each other, and shows what became of their packets.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DEMO_CONFIG, DEMO_NETWORK, DEMO_SERVERS } from "../../lab/demo/demo-network.ts";
import { describeVisit, payVisit } from "../../lab/demo/pay-visit.ts";
import { DEMO_VISITS } from "../../lab/demo/visits.ts";
import { HOST_INTERFACE } from "../../lab/hosts.ts";
import { badPackets } from "../../lab/judge-capture.ts";
import { withLab } from "../../lab/lab.ts";
import { makeNetwork, type Network } from "../../lab/network.ts";
import type { Program } from "../../lab/programs.ts";
import { serve } from "../../lab/serve.ts";
import { isOnPath, provideTools } from "../../lab/tools.ts";
import type { CliIo } from "../io.ts";

export interface LiveDemoOptions {
  readonly keep: boolean;
  /** A folder for pcapng files. */
  readonly captures: string | undefined;
  /** The file that this program was started by. */
  readonly program: string;
}

const HOSTS = ["blue1", "green1", "edge1"];
const PICTURE = `Isthmus: two networks with the same addresses, talking

   blue1 10.0.0.2 ──┐ blue            green ┌── 10.0.0.2 green1  (web, DNS)
                    ├────── isthmus ────────┤
   edge1 203.0.113.9 ─ edge ───┘

   blue reaches green's hosts by 198.51.100.0/24, and is seen there as 192.0.2.1
   edge reaches green1's web server by 192.0.2.80:8080

`;

/** Time that a slow machine may take to start it. */
const READY_MILLIS = 30_000;

/** The exit code. Throws an Error where there can be no such network. */
export async function liveDemo(options: LiveDemoOptions, io: CliIo): Promise<number> {
  for (const missing of provideTools()) io.err(`demo: ${missing}\n`);
  io.out(PICTURE);
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-demo-"));
  try {
    return await withLab(async (lab) => {
      const network = makeNetwork(lab, DEMO_NETWORK);
      await serve(network.host("green1"), DEMO_SERVERS);
      const file = path.join(folder, "gateway.yaml");
      writeFileSync(file, DEMO_CONFIG);
      const gateway = await startGateway(network, options.program, file);
      const good = await tour(network, options, folder, io);
      if (options.keep) await keepOn(network, gateway, file, io);
      return good ? 0 : 1;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Another gateway of this machine may have the usual one. */
function socketBeside(file: string): string {
  return path.join(path.dirname(file), "api.sock");
}

async function startGateway(network: Network, program: string, file: string): Promise<Program> {
  const words = ["run", file, "--api-socket", socketBeside(file)];
  const gateway = network.gateway.start([process.execPath, program, ...words]);
  await gateway.says(/the gateway runs/, READY_MILLIS);
  return gateway;
}

/** Whether all went as it should. */
async function tour(
  network: Network,
  { captures }: LiveDemoOptions,
  folder: string,
  io: CliIo,
): Promise<boolean> {
  const taken = HOSTS.map((host) => [host, network.host(host).capture(HOST_INTERFACE)] as const);
  let good = true;
  for (const visit of DEMO_VISITS) {
    const visited = await payVisit(network, visit);
    good &&= visited.told !== undefined;
    io.out(`${paint(describeVisit(visited), io.colour)}\n`);
    // What waits in their sockets would fill them up.
    for (const [, capture] of taken) capture.take();
  }
  const place = captures ?? folder;
  mkdirSync(place, { recursive: true });
  let frames = 0;
  const files = taken.map(([host, capture]) => {
    frames += capture.stop().length;
    const file = path.join(place, `${host}.pcapng`);
    capture.save(file);
    return file;
  });
  if (captures !== undefined) io.out(`captures: ${files.join(" ")}\n`);
  return judge(files, frames, io) && good;
}

function judge(files: readonly string[], frames: number, io: CliIo): boolean {
  if (!isOnPath("tshark")) {
    io.out(`${frames} frames were captured at the hosts; with tshark they would be judged here.\n`);
    return true;
  }
  const bad = files.flatMap((file) => badPackets(file));
  const verdict = bad.length === 0 ? "none is bad" : `${bad.length} are bad:\n${bad.join("\n")}`;
  io.out(
    `tshark has looked at ${frames} frames captured at the hosts, checksums too: ${verdict}\n`,
  );
  return bad.length === 0;
}

/** Until a signal ends this process, which takes the network with it, or the gateway ends. */
async function keepOn(network: Network, gateway: Program, file: string, io: CliIo): Promise<void> {
  const inside = (host: string) => `ip netns exec ${network.host(host).name}`;
  io.out(`
The network goes on until Ctrl-C. In another terminal:
  ${inside("blue1")} curl http://198.51.100.2/
  ${inside("blue1")} ping 198.51.100.2
  ${inside("edge1")} curl http://192.0.2.80:8080/
  ./isthmus show flows --api ${socketBeside(file)}
  ./isthmus top --api ${socketBeside(file)}
The configuration is ${file}
and is read again when it changes.
`);
  const { err } = await gateway.exited();
  io.err(`demo: the gateway has ended: ${err}\n`);
}

/** Names of lines stand back, what was wrong stands out. */
function paint(text: string, colour: boolean): string {
  if (!colour) return text;
  const code = (number: number, words: string) => `\x1b[${number}m${words}\x1b[0m`;
  return text
    .replace(/^\S.*$/m, (line) => code(1, line))
    .replace(/^ {2}failed.*$/gm, (line) => code(31, line))
    .replace(/^( {2})(\S.{13})/gm, (_, blank, name) => blank + code(2, name));
}
