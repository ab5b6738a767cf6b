// "Follow this packet": after each step, one line about each packet that step saw.

import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { type VerdictName, verdictName } from "../packet/verdict.ts";
import type { StepListener } from "../pipeline/pipeline.ts";
import { describePacket } from "../wire/notation.ts";
import type { Decision, Outcome, PacketOutcome } from "./outcome.ts";

/** One line of a packet's trace. */
export interface TraceLine {
  /** Of the packet's outcome, from 0. */
  readonly index: number;
  readonly step: string;
  /** What the step found or did, for people; "" when nothing worth saying. */
  readonly text: string;
  /** Of that, what the step itself says. */
  readonly found: string;
  /** The packet between VPCs after the step, in full notation; "" while none was found. */
  readonly packet: string;
  readonly verdict: VerdictName;
  /** As far as they are decided after the step. */
  readonly ways: Pick<Outcome, "from" | "to" | "peering" | "source" | "destination" | "acl">;
  /** Entry of the flow table of its family, -1 without a flow. */
  readonly flow: number;
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
      const found = step.describe?.(row) ?? "";
      const said = [found, sayStep(step.name, seen)];
      if (packet !== before.get(row)) said.push(packet);
      before.set(row, packet);
      if (pool.verdict[row] !== 0) said.push(verdictName(pool.verdict[row]!));
      const { from, to, peering, source, destination, acl, verdict } = seen;
      trace.push({
        index,
        step: step.name,
        text: said.filter((part) => part !== "").join("; "),
        found,
        packet,
        verdict,
        ways: { from, to, peering, source, destination, acl },
        flow: pool.flow[row]!,
      });
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
