// An explanation on the terminal.

import type {
  Change,
  DropExplanation,
  FlowExplanation,
  NearMiss,
  PacketExplanation,
  StepExplanation,
} from "../../insight/explain/explanation.ts";

const STEP_WIDTH = 13;
const INDENT = " ".repeat(2 + STEP_WIDTH);

/** Lines, each with its end. */
export function formatExplanation(packet: PacketExplanation, colour: boolean): string {
  const paint = painter(colour);
  const steps = packet.steps.filter(hasSaid).flatMap((step) => sayStep(step, paint));
  return [
    paint.strong(`${packet.from}: ${packet.given}${packet.waited ? ", which has waited" : ""}`),
    "",
    ...steps,
    "",
    ...sayEnd(packet, paint),
    ...(packet.flow ? sayFlow(packet.flow) : []),
    ...packet.answers.map(({ to, packet: said }) => `${to} is told  ${said}`),
    ...(packet.drop ? sayDrop(packet.drop, paint) : []),
    "",
  ].join("\n");
}

interface Painter {
  strong(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  fresh(text: string): string;
}

function painter(colour: boolean): Painter {
  const paint = (code: number) => (text: string) =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { strong: paint(1), good: paint(32), bad: paint(31), fresh: paint(36) };
}

function hasSaid({ decided, decisions, changes }: StepExplanation): boolean {
  return decided !== "" || decisions.length > 0 || changes.length > 0;
}

function sayStep(step: StepExplanation, paint: Painter): string[] {
  const { decided, decisions, changes } = step;
  const lines = [
    ...(decided === "" ? [] : [decided]),
    ...decisions.map(({ of, label, place: { file, line, column } }) => {
      return `${of === "acl" ? "" : `${of}: `}${label} (${file}:${line}:${column})`;
    }),
    ...changes.map((change) => sayChange(change, paint)),
  ];
  return lines.map((line, at) =>
    at === 0 ? `  ${step.step.padEnd(STEP_WIDTH)}${line}` : `${INDENT}${line}`,
  );
}

function sayChange({ field, before, after }: Change, paint: Painter): string {
  return `${field} ${before} becomes ${paint.fresh(after)}`;
}

function sayEnd({ verdict, to, sent, drop }: PacketExplanation, paint: Painter): string[] {
  if (drop !== undefined) return [paint.bad(`dropped: ${drop.reason}, by ${drop.step}`)];
  if (verdict === "held") {
    return sent.map((packet) => `waits until the next hop answers, then to ${to}: ${packet}`);
  }
  if (verdict === "waiting") return ["waits for the first fragment of its datagram"];
  if (verdict === "consumed") return ["consumed: it is for the gateway itself"];
  if (verdict !== "sent") return [`${verdict}`];
  return sent.map((packet) => paint.good(`sent to ${to}: ${packet}`));
}

function sayFlow({ made, original, reply, state, endsInMillis }: FlowExplanation): string[] {
  const seconds = Math.round(endsInMillis / 1000);
  return [
    `${made ? "a new flow" : "its flow"}, ${state}, ends in ${seconds} s if nothing more comes`,
    `  out   ${original[0]}  as  ${original[1]}`,
    `  back  ${reply[0]}  as  ${reply[1]}`,
  ];
}

function sayDrop({ sentence, advice, nearest }: DropExplanation, paint: Painter): string[] {
  return [
    `  ${sentence}`,
    ...nearest.flatMap(sayNear),
    `  ${paint.strong("What to do:")} ${advice}`,
  ];
}

function sayNear({ text, decision }: NearMiss): string[] {
  if (decision === undefined) return [`  ${text}`];
  const { file, line, column } = decision.place;
  return [`  ${text}`, `    ${file}:${line}:${column}: ${decision.label}`];
}
