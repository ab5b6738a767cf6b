// The packet that comes next, in the words of `--then`: a packet, the answer to the last one, or no
// packet but time.

import { buildPacket, parsePacket } from "../../wire/notation.ts";
import type { PacketExplanation } from "./explanation.ts";
import { answerTo } from "./flow.ts";

/** In place of a packet: the answer to the last one, as it got there. */
const REPLY = "reply";
/** Before the bytes of an IP packet, where notation has no words for it. */
const HEX = "hex ";
const MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Without a VPC it comes from where the last packet went. */
export interface NextPacket {
  readonly from?: string | undefined;
  /** A packet as its writer wrote it, and its bytes; undefined for the answer to the last one. */
  readonly packet?: GivenPacket | undefined;
}

export interface GivenPacket {
  readonly given: string;
  readonly frame: Uint8Array;
}

export interface Wait {
  readonly waitMillis: number;
}

/** Why there is no next packet after the last one; a sentence. */
export class NothingNextError extends Error {}

/** Reads "PACKET", "reply", either behind "VPC: ", or "wait 5m". Throws an Error with a sentence, a
 * NotationError for a packet that is none. */
export function readNext(text: string): NextPacket | Wait {
  const [, amount, unit = ""] = /^wait (\d+)(ms|s|m|h)$/.exec(text) ?? [];
  if (amount !== undefined) return { waitMillis: Number(amount) * MILLIS[unit]! };
  const [, from, given = text] = /^([\w.-]+): +(.+)$/s.exec(text) ?? [];
  return { from, packet: readUnlessReply(given) };
}

/** Undefined for REPLY. Throws like `readNext`. */
export function readUnlessReply(given: string): GivenPacket | undefined {
  return given === REPLY ? undefined : { given, frame: readPacket(given) };
}

/** The bytes of an IP packet: in notation, or HEX and digits. Throws like `readNext`. */
export function readPacket(text: string): Uint8Array {
  return text.startsWith(HEX) ? bytesOf(text) : buildPacket(parsePacket(text));
}

/** What comes next, after `last`. Throws a NothingNextError, and a NotationError where the answer
 * has no notation. */
export function nextAfter(
  last: PacketExplanation | undefined,
  { from = last?.to, packet }: NextPacket,
): GivenPacket & { readonly from: string } {
  const found = packet ?? replyTo(last);
  if (from === undefined) {
    throw new NothingNextError("The last packet went nowhere: say which VPC it is from.");
  }
  return { ...found, from };
}

function replyTo(last: PacketExplanation | undefined): GivenPacket {
  const [sent] = last?.sent ?? [];
  if (sent === undefined) {
    throw new NothingNextError("Nothing came out of the last packet to reply to.");
  }
  const given = answerTo(sent).replace(/ syn(?= |$)/, " syn,ack");
  return { given, frame: readPacket(given) };
}

function bytesOf(text: string): Uint8Array {
  const digits = text.slice(HEX.length).replace(/[\s:]/g, "");
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) {
    throw new Error(`After "hex" come pairs of the digits 0-9 and a-f: "${text}".`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
