// What another configuration does to the flows: one stays when it would come out the same today.

import { type Flow, idleTicks, isAlive } from "./flow.ts";
import { type ConfigModel, isIn } from "./model.ts";
import { claimsBeside, hostKey, idleOf, needsFlow } from "./opening.ts";
import { FREE, isOwn, isQueryProtocol, type Wish } from "./pools.ts";
import { chooseSource, type Route, translated } from "./routes.ts";
import type { State } from "./state.ts";

export interface Reloaded {
  readonly kept: number;
  /** How many ended, by reason. */
  readonly ended: ReadonlyMap<string, number>;
}

export function reload(state: State, config: ConfigModel): Reloaded {
  // Those that may have been forgotten by now may be so whatever rest comes next.
  for (const flow of state.flows) if (!state.isKnown(flow)) flow.pressed = true;
  state.configure(config);
  const ended = new Map<string, number>();
  let kept = 0;
  for (const flow of [...state.flows]) {
    const reason = revalidate(state, flow);
    if (reason !== undefined) state.forget(flow);
    // Of flows that are over those that would come out the same go on resting.
    if (!isAlive(flow, state.tick)) continue;
    if (reason === undefined) kept++;
    else ended.set(reason, (ended.get(reason) ?? 0) + 1);
  }
  return { kept, ended };
}

function revalidate(state: State, flow: Flow): string | undefined {
  const { routes } = state;
  const [original, reply] = flow.ways;
  const { protocol } = flow;
  const query = isQueryProtocol(protocol);
  const target = {
    address: original.destination,
    port: query ? -1 : original.destinationPort,
  };
  const found = routes.destination(original.from, protocol, target);
  if (typeof found === "string") return "destination-not-exposed";
  const to = found.find(({ way }) => way.to === original.to) ?? found[0]!;
  if (to.way.to !== original.to) return "other-peer";
  const endpoint = { address: original.source, port: query ? -1 : original.sourcePort };
  const from = chooseSource(to.way, protocol, endpoint);
  if (typeof from === "string") return "source-not-exposed";
  if (!needsFlow(from.expose) && !needsFlow(to.expose)) return "stateless-now";
  if (!sameDestination(flow, to)) return "other-destination";
  if (!sameSource(state, flow, from)) return "other-source";
  original.direction = to.way;
  reply.direction = to.way.reverse;
  original.hides = needsFlow(from.expose);
  reply.hides = needsFlow(to.expose);
  if (isAlive(flow, state.tick)) renew(state, flow, from, to);
  return undefined;
}

function wishOf(flow: Flow, route: Route): Wish {
  const [original] = flow.ways;
  return {
    expose: route.expose,
    options: route.expose.masquerade!,
    owner: route.side.vpc,
    realm: route.realm,
    protocol: flow.protocol,
    address: original.source,
    port: original.sourcePort,
    claims: claimsBeside(route),
    answered: () => FREE,
  };
}

function sameDestination(flow: Flow, to: Route): boolean {
  const [original, reply] = flow.ways;
  const { receiver, protocol } = flow;
  const { expose, realm } = to;
  const query = isQueryProtocol(protocol);
  if (expose.kind === "masquerade") {
    if (receiver === undefined || receiver.realm !== realm) return false;
    if (!expose.publics.some((range) => isIn(range, original.destination))) return false;
    if (!isOwn(wishOf(flow, to), original.destination, original.destinationPort)) return false;
    return expose.privates.some((range) => isIn(range, reply.source));
  }
  if (receiver !== undefined) return false;
  const port = query ? -1 : original.destinationPort;
  const made = translated(expose.publics, expose.privates, { address: original.destination, port });
  return made.address === reply.source && (query || made.port === reply.sourcePort);
}

function sameSource({ pools }: State, flow: Flow, from: Route): boolean {
  const [original, reply] = flow.ways;
  const { mapping, protocol } = flow;
  const { expose, realm } = from;
  if (expose.kind === "masquerade") {
    if (mapping === undefined || mapping.realm !== realm) return false;
    if (mapping.shared && !expose.masquerade!.shares) return false;
    return pools.owns(wishOf(flow, from), mapping);
  }
  const port = isQueryProtocol(protocol) ? -1 : original.sourcePort;
  const made = translated(expose.privates, expose.publics, { address: original.source, port });
  const newPort = port < 0 ? original.sourcePort : made.port;
  return made.address === reply.destination && newPort === reply.destinationPort;
}

/** A flow that stays holds what today's options ask for, and waits no longer than today's times. */
function renew(state: State, flow: Flow, from: Route, to: Route): void {
  const { expose } = from;
  if (expose.kind === "masquerade") {
    const { flowsPerHost, open } = expose.masquerade!;
    if (flowsPerHost !== undefined && flow.host === undefined) {
      state.count(flow, hostKey(wishOf(flow, from)));
    }
    if (open) flow.mapping!.open = true;
  }
  flow.idle = idleOf(state, flow.protocol, expose, to.expose);
  const established = flow.state === "established";
  const wait = established ? flow.idle : idleTicks(state.config.times, flow.protocol, flow.state);
  for (const way of flow.ways) way.deadline = Math.min(way.deadline, state.since + wait);
}
