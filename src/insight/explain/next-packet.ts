// The packet that comes next, in the words of `--then`: a packet, the answer to the last one, or no
// packet but time.

import { parseDuration } from "../../config/duration.ts";
import { NotationError } from "../../wire/notation.ts";
import { buildGivenPacket, parseGivenPacket } from "../../wire/packet-text.ts";
import type { PacketExplanation } from "./explanation.ts";
import { answerTo } from "./flow.ts";

/** In place of a packet: the answer to the last one, as it got there. */
const REPLY = "reply";
const WAIT = "wait ";
/** A year: what flows count time by begins anew after some more. */
const WAIT_HOURS_MAX = 8760;
const WAIT_MILLIS_MAX = WAIT_HOURS_MAX * 3_600_000;

/** Without a VPC it comes from where the last packet went. */
export interface NextPacket {
  readonly from?: string | undefined;
  /** A packet as its writer wrote it, and its bytes; undefined for the answer to the last one. */
  readonly packet?: ReadPacket | undefined;
}

export interface ReadPacket {
  readonly given: string;
  readonly frame: Uint8Array;
}

export interface Wait {
  readonly waitMillis: number;
}

/** Why there is no next packet after the last one; a sentence. */
export class NothingNextError extends Error {}

/** Reads "PACKET", "reply", either behind "VPC: ", or "wait 5m". Throws a NotationError for a
 * packet that is none, and a wait of more than a year. */
export function readNext(text: string): NextPacket | Wait {
  if (text.startsWith(WAIT)) return { waitMillis: readWait(text) };
  const [, from, given = text] = /^([\w.-]+): +(.+)$/s.exec(text) ?? [];
  return { from, packet: readUnlessReply(given) };
}

function readWait(text: string): number {
  const millis = parseDuration(text.slice(WAIT.length));
  if (millis !== undefined && millis <= WAIT_MILLIS_MAX) return millis;
  const words = millis === undefined ? "a time such as 5m or 1.5s" : `${WAIT_HOURS_MAX}h at most`;
  throw new NotationError(`a wait is ${words}`, text, WAIT.length + 1);
}

/** Undefined for REPLY. Throws like `readNext`. */
export function readUnlessReply(given: string): ReadPacket | undefined {
  return given === REPLY ? undefined : { given, frame: readPacket(given) };
}

/** The bytes of an IP packet: in notation, or "hex" and digits. Throws a NotationError. */
export function readPacket(text: string): Uint8Array {
  return buildGivenPacket(parseGivenPacket(text));
}

/** What comes next, after `last`. Throws a NothingNextError, and a NotationError where the answer
 * has no notation. */
export function nextAfter(
  last: PacketExplanation | undefined,
  { from = last?.to, packet }: NextPacket,
): ReadPacket & { readonly from: string } {
  const found = packet ?? replyTo(last);
  if (from === undefined) {
    throw new NothingNextError("The last packet went nowhere: say which VPC it is from.");
  }
  return { ...found, from };
}

function replyTo(last: PacketExplanation | undefined): ReadPacket {
  const [sent] = last?.sent ?? [];
  if (sent === undefined) {
    throw new NothingNextError("Nothing came out of the last packet to reply to.");
  }
  const given = answerTo(sent)
    .replace(/ syn(?= |$)/, " syn,ack")
    .replace(/ mf(?= |$)/, "");
  return { given, frame: readPacket(given) };
}
