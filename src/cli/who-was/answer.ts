// The answer to "who was that?": whoever had the endpoint in the moment that was asked for, and
// what speaks against believing it.

import type { Owner, Owners } from "./owners.ts";

/** Times in a log are to a tenth of a second. */
const TICK_MILLIS = 100;

/** From the first to the last millisecond that was meant. */
export interface Moment {
  readonly from: number;
  readonly to: number;
}

export interface WhoWas {
  readonly public: string;
  readonly at: string;
  readonly owners: readonly Owner[];
  /** Where the log begins and ends; undefined when nothing is in it. */
  readonly log: { readonly from: number; readonly to: number } | undefined;
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Reads "2026-11-25T12:00:05Z", with fractions or an offset or neither (then it is UTC). What is
 * not said, seconds or their fractions, is meant as a whole; undefined for other texts. */
export function parseMoment(text: string): Moment | undefined {
  const pattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/i;
  const [, day, minute, second, fraction, zone = "Z"] = pattern.exec(text) ?? [];
  if (day === undefined || (fraction !== undefined && second === undefined)) return undefined;
  const offset = zone.toUpperCase().replace(/(\d\d)(\d\d)$/, "$1:$2");
  const from = Date.parse(`${day}T${minute}${second ?? ":00"}${fraction ?? ""}${offset}`);
  if (Number.isNaN(from) || !isDay(day)) return undefined;
  const span = second === undefined ? 60_000 : fraction === undefined ? 1000 : 1;
  return { from, to: from + span - 1 };
}

/** Of February 30 a Date makes March 2. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

export interface Question {
  /** As the log writes it. */
  readonly public: string;
  /** As it was asked for. */
  readonly at: string;
  readonly moment: Moment;
  /** "tcp", "udp" or "icmp"; undefined: any. */
  readonly protocol: string | undefined;
}

export function answer(question: Question, found: Owners, log: WhoWas["log"]): WhoWas {
  const { public: endpoint, at, moment, protocol } = question;
  const all = found.all.filter((each) => protocol === undefined || each.protocol === protocol);
  const owners = all.filter((each) => isIn(each, moment));
  const notes = [...reach(moment, log), ...doubts(found, moment, log, owners)];
  if (owners.length === 0) notes.push(...neighbors(all, moment));
  return { public: endpoint, at, owners, log, notes };
}

function isIn({ since, until }: Owner, { from, to }: Moment): boolean {
  const begun = since === undefined || since <= to + TICK_MILLIS;
  return begun && (until === undefined || until >= from - TICK_MILLIS);
}

function reach({ from, to }: Moment, log: WhoWas["log"]): string[] {
  if (log === undefined) return ["The log is empty."];
  if (to < log.from) return [`The log does not reach so far: it begins at ${timeText(log.from)}.`];
  if (from > log.to) return [`The log ends before that, at ${timeText(log.to)}.`];
  return [];
}

function doubts(
  found: Owners,
  { from, to }: Moment,
  log: WhoWas["log"],
  owners: readonly Owner[],
): string[] {
  const notes: string[] = [];
  const gap = found.gaps.find((each) => each.from <= to && from <= each.to);
  if (gap) {
    const span = `from ${timeText(gap.from)} to ${timeText(gap.to)}`;
    notes.push(`Nothing was logged ${span}.`);
  }
  if (found.lost > 0)
    notes.push(`${found.lost} records of this log were lost: one may be missing.`);
  if (found.damaged > 0) notes.push(`${found.damaged} lines about it could not be read.`);
  const before = log !== undefined && owners.some(({ since }) => since === undefined);
  if (before) notes.push("It had begun before the log does.");
  if (new Set(owners.map(({ vni, source }) => `${vni} ${source}`)).size > 1) {
    notes.push("Several had it at that time: the protocol, the peer, or a finer time tell which.");
  }
  return notes;
}

/** Who had it last before, and first after. */
function neighbors(all: readonly Owner[], { from, to }: Moment): string[] {
  const before = all.filter(({ until }) => until !== undefined && until < from);
  const after = all.filter(({ since }) => since !== undefined && since > to);
  const last = before.sort((a, b) => b.until! - a.until!)[0];
  const next = after.sort((a, b) => a.since! - b.since!)[0];
  const notes: string[] = [];
  if (last) notes.push(`Before, until ${timeText(last.until!)}, it was ${nameText(last)}.`);
  if (next) notes.push(`After, from ${timeText(next.since!)}, it was ${nameText(next)}.`);
  return notes;
}

/** "tcp 10.0.0.4:3000 of blue". */
function nameText({ protocol, source, vpc, vni }: Owner): string {
  return `${protocol} ${source} of ${vpc ?? `VNI ${vni}`}`;
}

export function timeText(millis: number): string {
  return new Date(millis).toISOString();
}

const ENDS = { exact: "", "at-least": " at least", "at-latest": " at the latest" } as const;

/** For people: a line for each owner, then the notes. */
export function describe({ public: endpoint, at, owners, notes }: WhoWas): string {
  const lines = owners.map((each) => {
    const { since, until, end, seenBy, seenByVni } = each;
    const from = since === undefined ? "" : ` from ${timeText(since)}`;
    const to = until === undefined ? " and not over yet" : ` to ${timeText(until)}${ENDS[end]}`;
    return `${nameText(each)}, seen by ${seenBy ?? `VNI ${seenByVni}`}${from}${to}`;
  });
  if (owners.length === 0) lines.push(`Nobody is known to have been ${endpoint} at ${at}.`);
  return `${[...lines, ...notes].join("\n")}\n`;
}
