// A packet story: a configuration, and what happens to packets step by step. A unit test for a
// network.

import type { EmbeddedConfig } from "../config/document.ts";
import type { ConfigIssue, Place } from "../config/issue.ts";
import type { PacketNotation } from "../wire/notation.ts";
import type { GivenPacket } from "../wire/packet-text.ts";

export interface Story {
  readonly name: string;
  /** The file it is in, as the user gave it. */
  readonly file: string;
  readonly config: ConfigSource;
  /** For the port allocator. */
  readonly seed: number;
  readonly ports: "random" | "sequential";
  readonly timers: "rfc" | "reference";
  readonly steps: readonly Step[];
}

/** A file, named relative to the story, or what stands in the story itself. */
export type ConfigSource = { readonly place: Place } & (
  | { readonly path: string }
  | { readonly embedded: EmbeddedConfig }
);

export interface Step {
  readonly place: Place;
  /** The clock moves first, by so many milliseconds. */
  readonly afterMillis: number;
  readonly reload?: ConfigSource | undefined;
  /** The issue code for which the reload must be refused; then everything goes on as before. */
  readonly refused?: string | undefined;
  /** How many flows the reload must keep, and why it must end others: a reason for each. */
  readonly kept?: number | undefined;
  readonly ended?: readonly string[] | undefined;
  /** Packets that arrive together; one for `send`. */
  readonly packets: readonly StoryInput[];
  /** What must come out, in order; undefined: not claimed. */
  readonly expect?: readonly StoryPacket[] | undefined;
  /** The reason for which packets that do not come out must be dropped; "*" any. */
  readonly drop?: string | undefined;
  /** What the gateway itself must send back. */
  readonly answer?: readonly StoryPacket[] | undefined;
  /** How many flows there must be, or which. */
  readonly flows?: number | readonly StoryFlow[] | undefined;
}

/** A flow: a packet of it as its opener sends it, and as the peer gets it. */
export interface StoryFlow {
  readonly original: StoryPacket;
  readonly translated: StoryPacket;
  readonly text: string;
}

/** A packet, and the VPC that it comes from or goes to. */
export interface OfVpc<T> {
  readonly vpc: string;
  readonly packet: T;
  /** As written, for reports. */
  readonly text: string;
  readonly place: Place;
}

export type StoryPacket = OfVpc<PacketNotation>;
/** May be given byte by byte. */
export type StoryInput = OfVpc<GivenPacket>;

/** A story that cannot be read. */
export class StoryError extends Error {
  override readonly name = "StoryError";
  readonly place: Place;
  /** What is wrong with its configuration, and the text that this is about. */
  readonly issues: readonly ConfigIssue[];

  constructor(message: string, place: Place, issues: readonly ConfigIssue[] = []) {
    super(`${place.file}:${place.line}:${place.column}: ${message}`);
    this.place = place;
    this.issues = issues;
  }
}
