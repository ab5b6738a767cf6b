// Runs one visit with captures at both hosts, and tells the first packet that arrived: as it was
// sent, as it arrived, and what became of its addresses and ports in between.

import { dissect } from "../../wire/dissect.ts";
import { describePacket } from "../../wire/notation.ts";
import type { LabFrame } from "../capture.ts";
import { HOST_INTERFACE } from "../hosts.ts";
import type { Network } from "../network.ts";
import type { Visit } from "./visits.ts";

export interface Visited {
  readonly visit: Visit;
  /** What the program said, if it was what it should have said. */
  readonly told: string | undefined;
  /** All it said otherwise. */
  readonly complaint: string;
  /** In notation (docs/stories.md). */
  readonly sent: string | undefined;
  readonly arrived: string | undefined;
  /** "10.0.0.2 became 192.0.2.1"; empty when nothing did. */
  readonly translation: readonly string[];
}

const ETHERNET = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ICMPV6 = 58;
/** Neighbors and routers that look for each other: RFC 4861. */
const DISCOVERY_MIN = 133;
const DISCOVERY_MAX = 137;
/** In an IPv6 header, and its first byte when it is a group's: hosts say which groups they join. */
const DESTINATION = 24;
const MULTICAST = 0xff;

export async function payVisit(network: Network, visit: Visit): Promise<Visited> {
  const from = network.host(visit.from);
  const leaves = from.capture(HOST_INTERFACE);
  const arrives = network.host(visit.to).capture(HOST_INTERFACE, { inbound: true });
  const { status, out, err } = await from.run(visit.words, { timeoutMillis: 30_000 });
  const [got] = packetsIn(arrives.stop());
  const all = packetsIn(leaves.stop());
  const origin = all.find((each) => got !== undefined && isSame(each, got)) ?? all[0];
  const sent = origin && describePacket(origin);
  const arrived = got && describePacket(got);
  return {
    visit,
    told: status === 0 ? visit.read(out) : undefined,
    complaint: `${out}${err}`.trim(),
    sent,
    arrived,
    translation: sent !== undefined && arrived !== undefined ? changes(sent, arrived) : [],
  };
}

/** For people, with a line for each thing. */
export function describeVisit({ visit, ...seen }: Visited): string {
  const line = (name: string, text: string) => `  ${name.padEnd(14)}${text}\n`;
  const head = `${visit.title}: ${visit.from} runs ${visit.words.join(" ")}\n`;
  const sent = line(`${visit.from} sent`, seen.sent ?? "nothing");
  const arrived = line(`${visit.to} got`, seen.arrived ?? "nothing");
  const became = seen.translation.map((each, at) => line(at === 0 ? "translation" : "", each));
  const told = seen.told === undefined ? line("failed", seen.complaint) : line("result", seen.told);
  return [head, sent, arrived, ...became, told].join("");
}

function packetsIn(frames: readonly LabFrame[]): Uint8Array[] {
  return frames.flatMap(({ bytes }) => packetIn(bytes) ?? []);
}

/** By the identification, which no gateway changes (RFC 791); IPv6 has none. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a[0]! >>> 4 === 4 && b[0]! >>> 4 === 4 && a[4] === b[4] && a[5] === b[5];
}

/** Undefined for what only keeps a segment going: ARP, neighbor discovery, groups. */
function packetIn(frame: Uint8Array): Uint8Array | undefined {
  const kind = (frame[12]! << 8) | frame[13]!;
  if (kind !== IPV4 && kind !== IPV6) return undefined;
  const packet = frame.subarray(ETHERNET);
  const parts = dissect(packet);
  if (parts === undefined) return undefined;
  if (parts.family === 4) return packet;
  if (packet[DESTINATION] === MULTICAST) return undefined;
  if (parts.protocol !== ICMPV6) return packet;
  const type = packet[parts.l4] ?? 0;
  return type >= DISCOVERY_MIN && type <= DISCOVERY_MAX ? undefined : packet;
}

/** In notation a packet is words: protocol, source, ">", destination, and more. */
function changes(sent: string, arrived: string): string[] {
  const after = arrived.split(" ");
  return sent.split(" ").flatMap((word, at) => {
    const now = after[at];
    return now === undefined || now === word ? [] : [`${word} became ${now}`];
  });
}
