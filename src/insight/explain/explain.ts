// Follows one packet through a gateway and tells what every step found. The steps are those of the
// data path, with somebody looking on: nothing here decides anything.

import { type FlowView, viewFlow } from "../../gateway/flow-list.ts";
import type { Gateway, TraceLine } from "../../gateway/gateway.ts";
import type { Outcome } from "../../gateway/outcome.ts";
import { DROP, type DropName } from "../../packet/verdict.ts";
import { describePacket } from "../../wire/notation.ts";
import { changesOf } from "./changes.ts";
import type { DropExplanation, FlowExplanation, PacketExplanation } from "./explanation.ts";
import { explainFlow } from "./flow.ts";
import { nearestMisses } from "./nearest/nearest.ts";
import { factsOf } from "./packet-facts.ts";
import { stepsOf } from "./steps.ts";

/** The step before the first that looks at packets. */
const BEFORE = "expire";
const FLOWS_LOOKED_AT = 1000;

export interface PacketToExplain {
  /** The VPC it comes from, and the gateway's interface with that VPC. */
  readonly from: string;
  readonly iface: number;
  readonly frame: Uint8Array;
  /** As its writer wrote it. */
  readonly given: string;
  /** In milliseconds. */
  readonly now: number;
}

/** The packet goes through `gateway` like any other, and leaves there what it leaves: a flow,
 * counts. Nothing else must be in the gateway. */
export function explain(gateway: Gateway, packet: PacketToExplain): PacketExplanation {
  const { from, iface, frame, given, now } = packet;
  const flowsBefore = gateway.tracked().flows;
  gateway.receive(iface, frame);
  const trace: TraceLine[] = [];
  gateway.run(now, trace);
  const outcome = gateway.outcome(0);
  // What stands in a row before is another packet's.
  const lines = trace.filter(({ index, step }) => index === 0 && step !== BEFORE);
  const came = lines.find(({ packet: seen }) => seen !== "")?.packet ?? "";
  const sent = outcome.verdict === "sent" ? [outcome, ...outcome.pieces] : [];
  const last = lines.at(-1);
  const explanation: PacketExplanation = {
    given,
    from,
    steps: stepsOf(lines),
    verdict: outcome.verdict,
    to: outcome.to,
    peering: outcome.peering,
    sent: sent.map((each) => describePacket(each.packet)),
    changes:
      outcome.verdict === "sent" ? changesOf(came, describePacket(outcome.packet, "full")) : [],
    flow: flowOf(gateway, outcome, last, flowsBefore),
    answers: gateway
      .answers()
      .map(({ to, packet: said }) => ({ to, packet: describePacket(said) })),
    drop: dropOf(gateway, from, outcome, came, last),
  };
  gateway.clear();
  return explanation;
}

function flowOf(
  gateway: Gateway,
  { packet }: Outcome,
  last: TraceLine | undefined,
  flowsBefore: number,
): FlowExplanation | undefined {
  if (last === undefined || last.flow < 0) return undefined;
  return explainFlow(
    gateway,
    packet[0]! >>> 4 === 6,
    last.flow,
    gateway.tracked().flows > flowsBefore,
  );
}

function dropOf(
  gateway: Gateway,
  from: string,
  { verdict, ...ways }: Outcome,
  came: string,
  last: TraceLine | undefined,
): DropExplanation | undefined {
  const reason = DROP[verdict as DropName];
  if (reason === undefined || last === undefined) return undefined;
  const { config } = gateway.parts;
  const packet = factsOf(came);
  const flows = packet ? someFlows(gateway, packet.source.family === 6) : [];
  const dropped = config && packet && { config, flows, from, packet, ways };
  const nearest = dropped ? nearestMisses(verdict, dropped) : [];
  return {
    reason: verdict,
    step: last.step,
    sentence: reason.sentence,
    advice: reason.advice,
    nearest,
  };
}

/** Those that are alive of the first there is room for. */
function* someFlows(gateway: Gateway, v6: boolean): Iterable<FlowView> {
  const { flows, tick } = gateway.parts;
  const table = flows.tables[v6 ? 1 : 0];
  const most = Math.min(table.used, FLOWS_LOOKED_AT);
  for (let flow = 0; flow < most; flow++) {
    if (table.state(flow) !== 0 && table.alive(2 * flow, tick)) yield viewFlow(table, flow, tick);
  }
}
