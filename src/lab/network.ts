// Makes what a plan says: cables, bridges, tunnels, addresses, routes.
//
//   host ── veth ── gateway             a segment with one host
//   hosts ── bridge ── gateway          a segment with several
//   hosts ── VTEP ── underlay ── gateway

import { connect, end, makeBridge, plugIn, silence } from "./cables.ts";
import { addressLines, HOST_INTERFACE, setUpHost } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import type { NetworkPlan, SegmentPlan, UnderlayPlan } from "./network-plan.ts";
import { makeVtep } from "./vtep.ts";

const GATEWAY = "gw";
const UNDERLAY = "underlay";
const UNDERLAY_MTU = 1550;

export interface Network {
  readonly plan: NetworkPlan;
  /** Without any address but the one on the underlay; the kernel forwards nothing here. */
  readonly gateway: Namespace;
  /** The one of that name in the plan, of a host or a VTEP. Throws an Error for others. */
  host(name: string): Namespace;
}

/** Throws an Error with what `ip` said when the plan cannot be made. */
export function makeNetwork(lab: Lab, plan: NetworkPlan): Network {
  const names = namesIn(plan);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new Error(`two in the plan are called ${twice}`);
  const made = lab.namespaces([GATEWAY, ...names]);
  const gateway = lab.namespace(GATEWAY);
  for (const each of made) each.ip("link set dev lo up");
  silence(gateway);
  for (const segment of plan.segments ?? []) makeSegment(lab, gateway, segment);
  if (plan.underlay !== undefined) makeUnderlay(lab, gateway, plan.underlay);
  return {
    plan,
    gateway,
    host(name) {
      if (!names.includes(name)) throw new Error(`nobody in the plan is called ${name}`);
      return lab.namespace(name);
    },
  };
}

function namesIn({ segments = [], underlay }: NetworkPlan): string[] {
  const vteps = underlay?.vteps ?? [];
  const hosts = [...segments, ...vteps].flatMap((each) => each.hosts ?? []);
  return [...hosts, ...vteps].map(({ name }) => name);
}

function makeSegment(lab: Lab, gateway: Namespace, plan: SegmentPlan): void {
  const { hosts, mtu = 1500 } = plan;
  const own = end(gateway, plan.interface, mtu, plan.mac);
  const ends = hosts.map((host) => end(lab.namespace(host.name), HOST_INTERFACE, mtu, host.mac));
  const [only] = ends;
  if (only !== undefined && ends.length === 1) connect(gateway, own, only);
  else {
    const bridge = makeBridge(lab, `wire-${plan.interface}`, mtu);
    for (const [at, each] of [own, ...ends].entries()) plugIn(bridge, at, each, mtu);
  }
  gateway.ip(`link set dev ${plan.interface} up`);
  for (const host of hosts) setUpHost(lab.namespace(host.name), host, plan.via);
}

function makeUnderlay(
  lab: Lab,
  gateway: Namespace,
  { mtu = UNDERLAY_MTU, ...plan }: UnderlayPlan,
): void {
  const bridge = makeBridge(lab, UNDERLAY, mtu);
  plugIn(bridge, 0, end(gateway, plan.interface, mtu), mtu);
  gateway.ip(...addressLines(plan.interface, [plan.address]));
  for (const [at, vtep] of plan.vteps.entries()) {
    const namespace = lab.namespace(vtep.name);
    plugIn(bridge, at + 1, end(namespace, HOST_INTERFACE, mtu), mtu);
    namespace.ip(...addressLines(HOST_INTERFACE, [vtep.address]));
    makeVtep(lab, vtep, plan, mtu);
  }
}
