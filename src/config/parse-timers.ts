// How long flows may be idle: durations of the `isthmus.timers` key.

import { parseDuration } from "./duration.ts";
import type { FlowTimes } from "./model.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawConfig } from "./shape.ts";

/** What the RFCs ask for at least: [where, milliseconds, which rule]. */
const LEAST: readonly (readonly [string, number, string])[] = [
  ["tcp.opening", 240_000, "RFC 5382, REQ-5"],
  ["tcp.established", 7_440_000, "RFC 5382, REQ-5"],
  ["tcp.closing", 240_000, "RFC 5382, REQ-5"],
  ["udp.unanswered", 120_000, "RFC 4787, REQ-5"],
  ["udp.established", 120_000, "RFC 4787, REQ-5"],
  ["icmp.query", 60_000, "RFC 5508, REQ-2"],
  ["rest", 120_000, "RFC 6888, REQ-8"],
];

/** A flow that lived longer could not be told from one that has just ended. */
const LONGEST = 30 * 24 * 3_600_000;

/** Reports wrong durations, and warns of short ones. */
export function parseTimers({ isthmus }: RawConfig, report: Reporter): FlowTimes {
  const at = report.at("isthmus", "timers");
  const raw = isMapping(isthmus) && isMapping(isthmus?.timers) ? isthmus?.timers : undefined;
  const preset = raw?.preset === "reference" ? "reference" : "rfc";
  const read = (section: "tcp" | "udp" | "icmp" | undefined, key: string): number | undefined => {
    const holder: unknown = section === undefined ? raw : raw?.[section];
    const text = isMapping(holder) ? (holder as Record<string, unknown>)[key] : undefined;
    if (typeof text !== "string") return undefined;
    const here = section === undefined ? at.at(key) : at.at(section, key);
    const path = section === undefined ? key : `${section}.${key}`;
    return parseTime(text, path, preset, here);
  };
  return {
    preset,
    tcp: {
      opening: read("tcp", "opening"),
      established: read("tcp", "established"),
      closing: read("tcp", "closing"),
    },
    udp: { unanswered: read("udp", "unanswered"), established: read("udp", "established") },
    icmp: { query: read("icmp", "query") },
    rest: read(undefined, "rest"),
  };
}

function parseTime(text: string, path: string, preset: string, at: Reporter): number | undefined {
  const millis = parseDuration(text);
  if (millis === undefined || millis <= 0 || millis > LONGEST) {
    const hint = 'Write numbers with units, such as "5m" or "90s", up to "720h".';
    at.say("isthmus/bad-timer", `"${text}" is no time that a flow can wait.`, hint);
    return undefined;
  }
  const [, least = 0, rule = ""] = LEAST.find(([name]) => name === path) ?? [];
  if (preset === "rfc" && millis < least) {
    const message = `${text} is less than the ${least / 1000}s that ${rule} asks for.`;
    const hint = "Hosts keep connections that the gateway has forgotten; make it longer.";
    at.say("isthmus/short-timer", message, hint);
  }
  return millis;
}
