// What must hold of packets that a story sent, and what is said where it does not.

import type { Outcome } from "../gateway/outcome.ts";
import { DROP, type DropName } from "../packet/verdict.ts";
import { joinPieces } from "../wire/join-pieces.ts";
import { describePacket } from "../wire/notation.ts";
import { type ChecksumFault, verifyChecksums } from "../wire/verify-checksums.ts";

export class Failure extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** What goes out must have right checksums; one that came in wrong must still be wrong. Of what was
 * cut those of the whole are judged, and each piece's own. */
export function checkChecksums(outcome: Outcome, input: Uint8Array): void {
  const { packet, pieces } = outcome;
  const all = [packet, ...pieces.map((piece) => piece.packet)];
  const whole = pieces.length > 0 ? joinPieces(all) : packet;
  for (const [index, piece] of pieces.length > 0 ? all.entries() : []) {
    if (verifyChecksums(piece).length === 0) continue;
    throw new Failure("right checksums", `${say(outcome)} with a wrong one in piece ${index + 1}`);
  }
  const before = verifyChecksums(input).map(sayFault);
  const after = verifyChecksums(whole).map(sayFault);
  const mended = before.find((fault) => !after.includes(fault));
  if (mended) throw new Failure(`the ${mended} to stay wrong, as it came`, say(outcome));
  const broken = after.find((fault) => !before.includes(fault));
  if (broken) throw new Failure("right checksums", `${say(outcome)} with a wrong ${broken}`);
}

export function countFlows(count: number): string {
  return count === 1 ? "1 flow" : `${count} flows`;
}

function sayFault({ header, quoted }: ChecksumFault): string {
  return `${header} checksum${quoted ? " of the quoted packet" : ""}`;
}

export function checkDropped(reason: string, outcomes: readonly Outcome[]): void {
  const dropped = outcomes.filter(({ verdict }) => verdict !== "sent" && verdict !== "waiting");
  const wanted = `a drop for ${reason === "*" ? "any reason" : reason}`;
  if (dropped.length === 0) throw new Failure(wanted, sayAll(outcomes));
  const other = dropped.find(({ verdict }) => reason !== "*" && verdict !== reason);
  if (other) throw new Failure(wanted, say(other));
}

export function say(outcome: Outcome): string {
  const { verdict, to, packet, pieces } = outcome;
  if (verdict === "sent") {
    return [{ packet }, ...pieces]
      .map((piece) => `${to} ${describePacket(piece.packet, "full")}`)
      .join("; ");
  }
  if (verdict === "waiting") return "waiting for another packet";
  const sentence = verdict in DROP ? `: ${DROP[verdict as DropName].sentence}` : "";
  return `dropped, ${verdict}${sentence}`;
}

export function sayAll(outcomes: readonly Outcome[]): string {
  return outcomes.map(say).join("; ");
}
