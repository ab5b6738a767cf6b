// The last packets that were dropped, for people.

import type { Gateway } from "../../gateway/gateway.ts";
import type { Decision } from "../../gateway/outcome.ts";
import { type DropName, verdictName } from "../../packet/verdict.ts";
import { SAMPLE_BYTES, SAMPLES_EACH } from "../../pipeline/drop-samples.ts";
import { describeFrame, type FrameLink } from "../../wire/describe-frame.ts";
import { finishChecksum } from "../../wire/finish-checksum.ts";
import { toHex } from "../../wire/hex.ts";
import { describePacket } from "../../wire/notation.ts";
import { finish, type Work } from "../work.ts";
import { inWords } from "./report.ts";

export interface DropSample {
  /** Counts samples from the start, from 1. */
  readonly number: number;
  /** The time given to the run that dropped it. */
  readonly millis: number;
  readonly reason: DropName;
  readonly sentence: string;
  readonly advice: string;
  readonly step: string;
  readonly interface: string;
  /** Null where there was none, or it was not known yet; so are the others below. */
  readonly from: string | null;
  readonly to: string | null;
  readonly peering: string | null;
  /** The exposes of the sender's and the receiver's side, and the ACL rule. */
  readonly source: Decision | null;
  readonly destination: Decision | null;
  readonly acl: Decision | null;
  /** The packet between VPCs, in notation; empty when none was found. */
  readonly packet: string;
  /** What is around it, or what there is if no packet was found, in words; empty for nothing. */
  readonly around: string;
  /** How `frame` starts. */
  readonly link: FrameLink;
  /** Its first 256 bytes at most, in hexadecimal: as it came, tunnel included, but for what had
   * been rewritten when it was dropped. Of one that was held, the IP packet. */
  readonly frame: string;
  /** Bytes that it had in all. */
  readonly length: number;
}

/** What is given must be equal; null asks for those where it is not known. */
export interface SampleFilter {
  readonly reason?: string | undefined;
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  readonly interface?: string | undefined;
  readonly step?: string | undefined;
  /** Most samples, the newest: 100 if not said. */
  readonly limit?: number | undefined;
}

const LIMIT = 100;
/** Work between two stops: looking at places, and reading samples. */
const PLACES_AT_ONCE = 256;
const READ_AT_ONCE = 8;

/** The newest first; all at once, where no packets wait. */
export function samples(gateway: Gateway, filter: SampleFilter = {}): DropSample[] {
  return finish(listSamples(gateway, filter));
}

/** The same in pieces. What is sampled meanwhile may take the place of older ones. */
export function* listSamples(gateway: Gateway, filter: SampleFilter): Work<DropSample[]> {
  const { serial } = gateway.parts.drops.ledger.samples;
  const isWanted = (place: number) =>
    serial[place]! > 0 && matches(identify(gateway, place), filter);
  const places: number[] = [];
  for (const place of serial.keys()) {
    if (isWanted(place)) places.push(place);
    if (place % PLACES_AT_ONCE === PLACES_AT_ONCE - 1) yield;
  }
  places.sort((a, b) => serial[b]! - serial[a]!);
  const result: DropSample[] = [];
  for (const [index, place] of places.slice(0, filter.limit ?? LIMIT).entries()) {
    if (index % READ_AT_ONCE === READ_AT_ONCE - 1) yield;
    if (isWanted(place)) result.push(readSample(gateway, place));
  }
  return result.sort((a, b) => b.number - a.number);
}

type Identity = Pick<DropSample, "reason" | "from" | "to" | "interface" | "step">;

function matches(identity: Identity, filter: SampleFilter): boolean {
  const { reason, from, to, interface: name, step } = filter;
  return (
    (reason === undefined || reason === identity.reason) &&
    (from === undefined || from === identity.from) &&
    (to === undefined || to === identity.to) &&
    (name === undefined || name === identity.interface) &&
    (step === undefined || step === identity.step)
  );
}

function identify(gateway: Gateway, place: number): Identity {
  const { drops: book, interfaces } = gateway.parts;
  const { kinds, iface, step } = book.ledger.samples;
  const kind = Math.floor(place / SAMPLES_EACH);
  const pair = kinds.seconds[kind]!;
  return {
    reason: verdictName(kinds.firsts[kind]!) as DropName,
    step: book.steps[step[place]!]!,
    interface: interfaces[iface[place]!]!.name,
    from: book.vpc(pair >>> 16) ?? null,
    to: book.vpc(pair & 0xffff) ?? null,
  };
}

/** What is sampled at that place of the ledger. */
export function readSample(gateway: Gateway, place: number): DropSample {
  const { drops: book, interfaces, snapshot, names } = gateway.parts;
  const { samples: store } = book.ledger;
  const identity = identify(gateway, place);
  const link = store.bare[place] === 1 ? "raw-ip" : interfaces[store.iface[place]!]!.link;
  const { peering, source, destination, acl } = book.decisions(place, snapshot, names);
  const at = place * SAMPLE_BYTES;
  const frame = store.bytes.slice(at, at + store.captured[place]!);
  const offset = store.offset[place]!;
  if (store.unfinished[place] === 1 && offset >= 0) finishChecksum(frame.subarray(offset));
  return {
    number: store.serial[place]!,
    millis: store.millis[place]!,
    ...identity,
    ...inWords(identity.reason),
    peering: peering ?? null,
    source: source ?? null,
    destination: destination ?? null,
    acl: acl ?? null,
    packet: offset < 0 ? "" : describePacket(frame.subarray(offset)),
    around: describeFrame(frame, link, offset),
    link,
    frame: toHex(frame),
    length: store.length[place]!,
  };
}
