// What is told about a packet: plain data, for a terminal, a page, or another program.

import type { Decision } from "../../gateway/outcome.ts";
import type { VerdictName } from "../../packet/verdict.ts";

export interface PacketExplanation {
  /** In packet notation. */
  readonly given: string;
  /** VPC. */
  readonly from: string;
  /** It came earlier, and waited for another packet. */
  readonly waited?: boolean;
  /** Those that the packet came to, in order. */
  readonly steps: readonly StepExplanation[];
  readonly verdict: VerdictName;
  /** As far as that was decided. */
  readonly to?: string | undefined;
  readonly peering?: string | undefined;
  /** What leaves: one packet, or its pieces. */
  readonly sent: readonly string[];
  /** What became of the packet in all. */
  readonly changes: readonly Change[];
  readonly flow?: FlowExplanation | undefined;
  /** ICMP errors that the gateway itself sends about it. */
  readonly answers: readonly { readonly to: string; readonly packet: string }[];
  readonly drop?: DropExplanation | undefined;
}

export interface StepExplanation {
  readonly step: string;
  /** What it looks at, and what it found or did; the latter is empty where it let the packet
   * pass. */
  readonly looked: string;
  readonly decided: string;
  /** The lines of the configuration that said so. */
  readonly decisions: readonly StepDecision[];
  readonly changes: readonly Change[];
}

export interface StepDecision extends Decision {
  /** What it is about. */
  readonly of: "source" | "destination" | "acl";
}

/** Of one field. */
export interface Change {
  /** "source", "destination", or as in packet notation; "quoted …" in an ICMP error. */
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

export interface FlowExplanation {
  /** Whether the packet opened it. */
  readonly made: boolean;
  /** Packets of its opener, as they come and as they leave; and the answers, likewise. */
  readonly original: readonly [comes: string, leaves: string];
  readonly reply: readonly [comes: string, leaves: string];
  readonly state: string;
  /** Until it ends if nothing more comes, in milliseconds. */
  readonly endsInMillis: number;
}

export interface DropExplanation {
  readonly reason: string;
  /** The step that dropped it. */
  readonly step: string;
  readonly sentence: string;
  readonly advice: string;
  /** What came closest, the closest first. */
  readonly nearest: readonly NearMiss[];
}

/** Something that would have let the packet pass, but for a little. */
export interface NearMiss {
  /** A sentence. */
  readonly text: string;
  readonly decision?: Decision | undefined;
}
