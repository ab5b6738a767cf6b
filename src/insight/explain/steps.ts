// The trace of one packet, step by step: what each step found, by what was known before and is
// known after it.

import type { TraceLine } from "../../gateway/gateway.ts";
import { changesOf } from "./changes.ts";
import type { StepDecision, StepExplanation } from "./explanation.ts";
import { whatItLooksAt } from "./looks.ts";

/** Nothing is known. */
const NOTHING: Pick<TraceLine, "packet" | "ways" | "flow" | "verdict"> = {
  packet: "",
  ways: {},
  flow: -1,
  verdict: "none",
};

/** `lines` are those of one packet, in order. */
export function stepsOf(lines: readonly TraceLine[]): StepExplanation[] {
  let before = NOTHING;
  return lines.map((line) => {
    const said = sayStep(before, line);
    before = line;
    return said;
  });
}

function sayStep(before: typeof NOTHING, line: TraceLine): StepExplanation {
  const { step, found, verdict, packet } = line;
  const changes = changesOf(before.packet, packet);
  const parts = [found, ...sayWays(before, line), ...sayFlow(before, line)];
  if (step === "parse" && before.packet === "" && packet !== "") parts.push(packet);
  if (verdict !== "none") parts.push(sayVerdict(verdict));
  return {
    step,
    looked: whatItLooksAt(step),
    decided: parts.filter((part) => part !== "").join("; "),
    decisions: newDecisions(before, line),
    changes,
  };
}

function sayWays({ ways: old }: typeof NOTHING, { ways }: TraceLine): string[] {
  const said: string[] = [];
  if (ways.from !== undefined && ways.from !== old.from) said.push(`it is from ${ways.from}`);
  if (ways.to !== undefined && ways.to !== old.to)
    said.push(`it goes to ${ways.to}, by peering ${ways.peering}`);
  if (ways.acl !== undefined && old.acl === undefined) said.push("a rule decides");
  return said;
}

function sayFlow(before: typeof NOTHING, { step, flow, verdict }: TraceLine): string[] {
  if (step === "flow-lookup" && flow < 0 && verdict === "none") return ["there is none"];
  if (flow < 0 || flow === before.flow) return [];
  return [step === "bind" ? "a new flow" : "it belongs to a flow"];
}

function sayVerdict(verdict: string): string {
  return verdict === "sent" || verdict === "consumed" ? verdict : `stopped here: ${verdict}`;
}

function newDecisions({ ways: old }: typeof NOTHING, { ways }: TraceLine): StepDecision[] {
  return (["source", "destination", "acl"] as const).flatMap((which) => {
    const decision = ways[which];
    return decision === undefined || decision.label === old[which]?.label
      ? []
      : { ...decision, of: which };
  });
}
