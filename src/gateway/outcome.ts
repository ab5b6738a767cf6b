// What became of one packet, for people: stories, replay, explain. Built on request, never by the
// data path.

import type { Place } from "../config/issue.ts";
import type { VerdictName } from "../packet/verdict.ts";

/** The line of configuration that decided something. */
export interface Decision {
  /** e.g. "expose 2 of blue" or "acl rule web". */
  readonly label: string;
  readonly place: Place;
}

export interface Outcome {
  /** Which packet it is, counted from 0, the first that the gateway received. One that waits has an
   * outcome for now, "waiting", and another when it has waited. */
  readonly number: number;
  readonly verdict: VerdictName;
  /** The VPC it came from; undefined when that could not be told. */
  readonly from?: string | undefined;
  /** The VPC it goes to, as far as that was decided (also for some drops). */
  readonly to?: string | undefined;
  readonly peering?: string | undefined;
  /** The expose of the sender's side. */
  readonly source?: Decision | undefined;
  /** The expose of the receiver's side. */
  readonly destination?: Decision | undefined;
  readonly acl?: Decision | undefined;
  /** The whole frame as it would leave (or, when dropped, as it stands): a view, valid until the
   * next `Gateway.clear()`. */
  readonly frame: Uint8Array;
  /** The IP packet between VPCs inside `frame` (without tunnel, link header and padding); empty
   * when none was found. A view likewise. */
  readonly packet: Uint8Array;
  /** Where the IP packet between VPCs starts in the frame as it was received, in bytes; -1 when
   * none was found. */
  readonly offset: number;
  /** What follows it where it had to be cut, in order; `frame` and `packet` are the first piece. */
  readonly pieces: readonly Piece[];
}

/** A further fragment of a packet. Views like those of its outcome. */
export type Piece = Pick<Outcome, "frame" | "packet">;

/** What the packet alone says. */
export type PacketOutcome = Omit<Outcome, "number" | "pieces">;
