// Follows one packet through a gateway and tells what every step found. The steps are those of the
// data path, with somebody looking on: nothing here decides anything.

import { type FlowView, viewFlow } from "../../gateway/flow-list.ts";
import type { Gateway, TraceLine } from "../../gateway/gateway.ts";
import type { Outcome } from "../../gateway/outcome.ts";
import type { Tried } from "../../gateway/try-out.ts";
import { DROP, type DropName } from "../../packet/verdict.ts";
import { describePacket } from "../../wire/notation.ts";
import { finish, type Work } from "../work.ts";
import { changesOf } from "./changes.ts";
import type { DropExplanation, FlowExplanation, PacketExplanation } from "./explanation.ts";
import { explainFlow } from "./flow.ts";
import { nearFlows } from "./nearest/flows.ts";
import { asksForFlows, type Dropped, nearestMisses } from "./nearest/nearest.ts";
import { type NextPacket, nextAfter } from "./next-packet.ts";
import { factsOf } from "./packet-facts.ts";
import { stepsOf } from "./steps.ts";

export { NotTriedError } from "../../gateway/try-out.ts";

/** The step before the first that looks at packets. */
const BEFORE = "expire";
/** The step that makes flows. */
const BINDING = "bind";
/** Where no packets wait. */
const FLOWS_LOOKED_AT = 1000;
/** For all packets that are explained in one go on a gateway that may be at work: no others pass
 * in the meantime. */
const LIVE_FLOWS_LOOKED_AT = 250;

export interface Given {
  /** The VPC that the packet comes from. */
  readonly from: string;
  /** As its writer wrote it. */
  readonly given: string;
}

/** Runs `gateway`, and tells what becomes of the packets that it has received, then of those that
 * have waited until now; `givenOf` is asked by their numbers, which count received packets from 0.
 * `now` in milliseconds. */
export function explainRun(
  gateway: Gateway,
  now: number,
  givenOf: (number: number) => Given,
): PacketExplanation[] {
  const trace: TraceLine[] = [];
  const { received } = gateway.counts();
  const count = gateway.run(now, trace);
  const answers = gateway.answers();
  const explanations = Array.from({ length: count }, (_, index) => {
    const outcome = gateway.outcome(index);
    const tried = {
      trace: trace.filter((line) => line.index === index),
      outcomes: [outcome],
      answers: answers.filter(({ cause }) => cause === index),
    };
    const { number } = outcome;
    const explanation = finish(completed(explainTried(gateway, givenOf(number), tried)));
    return number < received ? { ...explanation, waited: true } : explanation;
  });
  gateway.clear();
  return explanations;
}

/** What would become of packets if they came now, one after the other. Nothing of it stays in the
 * gateway, which may be at work: see gateway/try-out.ts, also for what it throws; and what
 * `nextAfter` throws; `told` has those before it then. All of them are tried in the first piece;
 * what came closest is looked for behind it. `now` in milliseconds. */
export function* explainLive(
  gateway: Gateway,
  now: number,
  packets: readonly NextPacket[],
  told: PacketExplanation[] = [],
): Work<PacketExplanation[]> {
  const looks = Math.floor(LIVE_FLOWS_LOOKED_AT / Math.max(1, packets.length));
  const tried = gateway.tryOut(now, (send) =>
    packets.map((each) => {
      const packet = nextAfter(told.at(-1), each);
      const { from, frame } = packet;
      const one = send(from, frame, (what) => explainTried(gateway, packet, what, looks));
      told.push(one.explanation);
      return one;
    }),
  );
  const all: PacketExplanation[] = [];
  for (const each of tried) {
    yield;
    all.push(yield* completed(each));
  }
  return all;
}

/** What is known at once, and what is needed to find what came closest. */
interface Explained {
  readonly explanation: PacketExplanation;
  readonly dropped: Dropped | undefined;
}

function* completed({ explanation, dropped }: Explained): Work<PacketExplanation> {
  const { drop } = explanation;
  if (drop === undefined || dropped === undefined) return explanation;
  const nearest = yield* nearestMisses(drop.reason, dropped);
  return { ...explanation, drop: { ...drop, nearest } };
}

/** Before anything of it is undone. Looks at `looks` flows that may be near. */
function explainTried(
  gateway: Gateway,
  { from, given }: Given,
  { trace, outcomes, answers }: Tried,
  looks = FLOWS_LOOKED_AT,
): Explained {
  const outcome = outcomes[0]!;
  // What stands in a row before is another packet's.
  const lines = trace.filter(({ step }) => step !== BEFORE);
  const came = lines.find(({ packet: seen }) => seen !== "")?.packet ?? "";
  const leaves = outcome.verdict === "sent" || outcome.verdict === "held";
  const sent = leaves ? [outcome, ...outcome.pieces] : [];
  const drop = dropOf(outcome, lines.at(-1));
  const explanation = {
    given,
    from,
    steps: stepsOf(lines),
    verdict: outcome.verdict,
    to: outcome.to,
    peering: outcome.peering,
    sent: sent.map((each) => describePacket(each.packet)),
    changes: leaves ? changesOf(came, describePacket(outcome.packet, "full")) : [],
    flow: flowOf(gateway, outcome, lines),
    answers: answers.map(({ to, packet: said }) => ({ to, packet: describePacket(said) })),
    drop,
  };
  return { explanation, dropped: drop && droppedOf(gateway, from, outcome, came, looks) };
}

function flowOf(
  gateway: Gateway,
  { packet }: Outcome,
  lines: readonly TraceLine[],
): FlowExplanation | undefined {
  const last = lines.at(-1);
  if (last === undefined || last.flow < 0) return undefined;
  const made = lines.find(({ flow }) => flow >= 0)?.step === BINDING;
  return explainFlow(gateway, packet[0]! >>> 4 === 6, last.flow, made);
}

/** All but what came closest. */
function dropOf({ verdict }: Outcome, last: TraceLine | undefined): DropExplanation | undefined {
  const reason = DROP[verdict as DropName];
  if (reason === undefined || last === undefined) return undefined;
  const { sentence, advice } = reason;
  return { reason: verdict, step: last.step, sentence, advice, nearest: [] };
}

/** Undefined for what is no packet. */
function droppedOf(
  gateway: Gateway,
  from: string,
  { verdict, to, peering, source, destination, acl }: Outcome,
  came: string,
  looks: number,
): Dropped | undefined {
  const { config } = gateway.parts;
  const packet = factsOf(came);
  if (config === undefined || packet === undefined) return undefined;
  const v6 = packet.source.family === 6;
  const flows = asksForFlows(verdict)
    ? nearFlows({ flows: someFlows(gateway, v6, looks), packet })
    : [];
  return { config, flows, from, packet, ways: { to, peering, source, destination, acl } };
}

/** Those that are alive of the first there is room for. */
function* someFlows(gateway: Gateway, v6: boolean, looks: number): Iterable<FlowView> {
  const { flows, tick } = gateway.parts;
  const table = flows.tables[v6 ? 1 : 0];
  const most = Math.min(table.used, looks);
  for (let flow = 0; flow < most; flow++) {
    if (table.state(flow) !== 0 && table.alive(2 * flow, tick)) yield viewFlow(table, flow, tick);
  }
}
