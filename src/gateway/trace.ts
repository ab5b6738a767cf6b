// "Follow this packet": after each step, one line about each packet that step saw.

import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { verdictName } from "../packet/verdict.ts";
import type { StepListener } from "../pipeline/pipeline.ts";
import { describePacket } from "../wire/notation.ts";
import type { Decision, PacketOutcome } from "./outcome.ts";

/** One line of a packet's trace. */
export interface TraceLine {
  /** Of the packet's outcome, from 0. */
  readonly index: number;
  readonly step: string;
  /** What the step found or did, for people; "" when nothing worth saying. */
  readonly text: string;
}

/** Collects lines into `trace` while a batch is processed. */
export function traceListener(
  trace: TraceLine[],
  batch: Batch,
  pool: PacketPool,
  outcome: (row: number) => PacketOutcome,
  firstIndex = 0,
): StepListener {
  const before = new Map<number, string>();
  return (step, entered) => {
    for (let i = 0; i < entered.count; i++) {
      const row = entered.rows[i]!;
      const index = firstIndex + batch.rows.indexOf(row);
      const seen = outcome(row);
      const packet = seen.packet.length > 0 ? describePacket(seen.packet, "full") : "";
      const found = [step.describe?.(row) ?? "", sayStep(step.name, seen)];
      if (packet !== before.get(row)) found.push(packet);
      before.set(row, packet);
      if (pool.verdict[row] !== 0) found.push(verdictName(pool.verdict[row]!));
      trace.push({ index, step: step.name, text: found.filter((part) => part !== "").join("; ") });
    }
  };
}

/** What became known at this step. */
function sayStep(step: string, outcome: PacketOutcome): string {
  if (step === "ingress" || step === "decap") return outcome.from ? `from ${outcome.from}` : "";
  if (step === "acl") return outcome.acl ? say(outcome.acl) : "";
  if ((step !== "admit" && step !== "icmp-error") || outcome.peering === undefined) return "";
  const exposes = [outcome.source, outcome.destination].map((expose) =>
    expose ? say(expose) : "no expose",
  );
  return `to ${outcome.to} by ${outcome.peering}: ${exposes.join(", ")}`;
}

function say(decision: Decision): string {
  return `${decision.label} (${decision.place.file}:${decision.place.line})`;
}
