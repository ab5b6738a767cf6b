// What hosts of the demonstration do with each other: ordinary programs, and what to read in their
// output.

import { contentSha256 } from "../servers/content.ts";

/** One host asks another. */
export interface Visit {
  readonly title: string;
  /** Names of hosts. */
  readonly from: string;
  readonly to: string;
  /** The program that the first one runs. */
  readonly words: readonly string[];
  /** What its output says, in a few words; undefined when that is not what it should say. */
  read(out: string): string | undefined;
}

const BYTES = 5_000_000;

export const DEMO_VISITS: readonly Visit[] = [
  {
    title: "ping",
    from: "blue1",
    to: "green1",
    words: ["ping", "-n", "-c1", "-W2", "198.51.100.2"],
    read: (out) => out.match(/time=.*/)?.[0],
  },
  {
    title: "a name",
    from: "blue1",
    to: "green1",
    words: ["dig", "+short", "+tries=1", "+time=2", "@198.51.100.2", "web.green.lab"],
    read: (out) => (out.trim() === "198.51.100.2" ? `it is ${out.trim()}` : undefined),
  },
  {
    title: "a web page",
    from: "blue1",
    to: "green1",
    words: ["curl", "-sS", "-m5", "http://198.51.100.2/"],
    read: (out) => (out.startsWith("{") ? out.trim() : undefined),
  },
  {
    title: "a forwarded port",
    from: "edge1",
    to: "green1",
    words: ["curl", "-sS", "-m5", "http://192.0.2.80:8080/"],
    read: (out) => (out.startsWith("{") ? out.trim() : undefined),
  },
  {
    title: "the way there",
    from: "blue1",
    to: "green1",
    words: ["traceroute", "-n", "-q1", "-w1", "-m5", "198.51.100.2"],
    read: (out) => (/^ *\d+ +198\.51\.100\.2 /m.test(out) ? hops(out) : undefined),
  },
  transfer("blue1", "green1", "198.51.100.2", BYTES),
];

function hops(out: string): string | undefined {
  return out.match(/^ *\d+ .*/gm)?.join("; ");
}

/** So many bytes of a web server, all of them right. */
export function transfer(from: string, to: string, address: string, bytes: number): Visit {
  const program = `curl -sS -m20 http://${address}/bytes/${bytes} | sha256sum`;
  const right = contentSha256(bytes);
  return {
    title: "a transfer",
    from,
    to,
    words: ["sh", "-c", program],
    read: (out) => (out.startsWith(right) ? `${bytes} bytes, the right sha256` : undefined),
  };
}
