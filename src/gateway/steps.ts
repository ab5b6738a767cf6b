// The pipeline of this product, in order, on one screen.

import { acl } from "../functions/acl/acl.ts";
import { addressed } from "../functions/addressed/addressed.ts";
import { admit } from "../functions/admit/admit.ts";
import { type Answerer, answerer } from "../functions/answer/answer.ts";
import { bind } from "../functions/bind/bind.ts";
import { clampMss } from "../functions/clamp-mss/clamp-mss.ts";
import { type Cutter, cutter } from "../functions/cut/cut.ts";
import { decap } from "../functions/decap/decap.ts";
import { egress } from "../functions/egress/egress.ts";
import { deliverer } from "../functions/encap/deliver.ts";
import { encap } from "../functions/encap/encap.ts";
import { expire } from "../functions/expire/expire.ts";
import { fastPath } from "../functions/fast-path/fast-path.ts";
import { flowLookup } from "../functions/flow-lookup/flow-lookup.ts";
import { hopLimit } from "../functions/hop-limit/hop-limit.ts";
import { icmpError } from "../functions/icmp-error/icmp-error.ts";
import { ingress } from "../functions/ingress/ingress.ts";
import type { NetworkFunction } from "../functions/network-function.ts";
import { own } from "../functions/own/own.ts";
import { parse } from "../functions/parse/parse.ts";
import { reassemble } from "../functions/reassemble/reassemble.ts";
import { route } from "../functions/route/route.ts";
import { fragmentRenamer } from "../functions/translate/rename-fragments.ts";
import { translate } from "../functions/translate/translate.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import type { DirectionCounters } from "../tables/direction-counters.ts";
import type { InterfaceTable } from "../tables/interface-table.ts";
import type { SnapshotHolder } from "../tables/snapshot.ts";
import { tunnelWriter } from "../tables/write-tunnel.ts";
import { hopTeller } from "./describe-hop.ts";
import type { Flows } from "./flows.ts";
import type { NeighborTables } from "./neighborhood.ts";

export interface StepDependencies {
  readonly pool: PacketPool;
  readonly interfaces: InterfaceTable;
  readonly snapshot: SnapshotHolder;
  readonly counters: DirectionCounters;
  readonly flows: Flows;
  readonly next: NeighborTables;
}

export interface GatewaySteps {
  readonly steps: readonly NetworkFunction[];
  /** Runs behind them: what the gateway itself says about what they dropped. */
  readonly answer: Answerer;
  /** What was cut off from packets that were too long. */
  readonly cut: Cutter;
  /** One of the steps: headers for packets that go out later. */
  readonly encap: NetworkFunction;
}

export function gatewaySteps(dependencies: StepDependencies): GatewaySteps {
  const { pool, interfaces, snapshot, counters, flows, next } = dependencies;
  const { tables, fragments, hashKey } = flows;
  const writeTunnel = tunnelWriter(pool);
  const renameFragments = fragmentRenamer(pool, snapshot, tables, fragments, hashKey);
  const deliver = deliverer(pool, snapshot, next.neighbors, next.held, writeTunnel);
  const tellHop = hopTeller(pool, snapshot, next.neighbors);
  const wrap = encap(pool, snapshot, writeTunnel, deliver, tellHop);
  const { held } = next;
  const cut = cutter({ pool, interfaces, snapshot, counters, hashKey, encap: wrap, held });
  const steps = [
    expire(tables),
    fastPath({ pool, interfaces, snapshot, counters, tables, writeTunnel, deliver }),
    ingress(pool, interfaces, snapshot),
    decap(pool, interfaces, snapshot),
    addressed(pool, interfaces),
    parse(pool, interfaces),
    own(pool, interfaces, snapshot),
    hopLimit(pool),
    reassemble(pool, snapshot, fragments),
    icmpError(pool, snapshot, tables),
    flowLookup(pool, snapshot, tables, fragments),
    admit(pool, snapshot),
    acl(pool, snapshot),
    route(pool, snapshot),
    bind({ pool, snapshot, counters, ...flows }),
    clampMss(pool, snapshot),
    translate(pool, snapshot, tables, renameFragments),
    cut.step,
    wrap,
    egress(pool, counters),
  ];
  const answer = answerer(pool, snapshot, interfaces, wrap, held);
  return { steps, answer, cut, encap: wrap };
}
