// What the oracle remembers: flows by the packets they have, public endpoints, hosts that are
// counted.

import { deadline, type Flow, isKnown, TICK, ticks, type Way } from "./flow.ts";
import type { ConfigModel } from "./model.ts";
import { Pools } from "./pools.ts";
import { Routes } from "./routes.ts";

/** Flows that the gateway looks at with each batch, for ones that are over. */
const SWEEP = 16;
/** Flows that the oracle looks at. */
const LOOK = 8;

export class State {
  routes = new Routes({ vpcs: [], peerings: [] } as unknown as ConfigModel);
  readonly pools = new Pools();
  readonly ways = new Map<string, Way>();
  readonly hosts = new Map<string, Set<Flow>>();
  readonly flows: Flow[] = [];
  readonly capacity: number;
  /** By family: flows of which the gateway may know. */
  readonly counts: [number, number] = [0, 0];
  readonly #most: [number, number] = [0, 0];
  tick = 0;
  /** The tick from which idle times count: none is shorter than it should be. */
  since = 0;
  batch = 0;
  #lookAt = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get config(): ConfigModel {
    return this.routes.config;
  }

  configure(config: ConfigModel): void {
    this.routes = new Routes(config);
    this.pools.rest = ticks(config.times.rest);
  }

  /** In milliseconds. */
  setTime(now: number): void {
    this.tick = Math.floor(now / TICK);
    this.since = Math.ceil(now / TICK);
    this.pools.tick = this.tick;
  }

  /** Most flows of a family that there were at a time, at most. */
  most(v6: boolean): number {
    return this.#most[v6 ? 1 : 0];
  }

  isKnown(flow: Flow): boolean {
    return isKnown(flow, this.tick, this.pools.rest);
  }

  add(flow: Flow): void {
    const family = flow.v6 ? 1 : 0;
    flow.place = this.flows.push(flow) - 1;
    for (const way of flow.ways) this.ways.set(way.key, way);
    flow.mapping?.holders.add(flow);
    flow.receiver?.holders.add(flow);
    if (flow.host !== undefined) this.count(flow, flow.host);
    this.counts[family]++;
    this.#most[family] = Math.max(this.#most[family], this.counts[family]);
  }

  count(flow: Flow, host: string): void {
    flow.host = host;
    const flows = this.hosts.get(host) ?? new Set();
    this.hosts.set(host, flows.add(flow));
  }

  /** The gateway knows the flow no longer. */
  forget(flow: Flow): void {
    if (this.flows[flow.place] !== flow) return;
    const last = this.flows.pop()!;
    if (last !== flow) {
      this.flows[flow.place] = last;
      last.place = flow.place;
    }
    for (const way of flow.ways) {
      if (this.ways.get(way.key) === way) this.ways.delete(way.key);
    }
    if (flow.mapping !== undefined) this.pools.release(flow.mapping, flow);
    if (flow.receiver !== undefined) this.pools.release(flow.receiver, flow);
    if (flow.host !== undefined) {
      const flows = this.hosts.get(flow.host)!;
      flows.delete(flow);
      if (flows.size === 0) this.hosts.delete(flow.host);
    }
    this.counts[flow.v6 ? 1 : 0]--;
  }

  /** Makes sure that flows which the gateway must have forgotten by now are forgotten here. */
  sweep(): void {
    for (let i = 0; i < LOOK && this.flows.length > 0; i++) {
      this.#lookAt = (this.#lookAt + 1) % this.flows.length;
      this.#look(this.flows[this.#lookAt]!);
    }
  }

  #look(flow: Flow): void {
    const holds = flow.mapping !== undefined || flow.receiver !== undefined;
    const end = deadline(flow) + (holds ? this.pools.rest : 0);
    if (end > this.tick) {
      flow.doubtful = -1;
      return;
    }
    if (flow.doubtful < 0) flow.doubtful = this.batch;
    const round = Math.ceil(this.#most[flow.v6 ? 1 : 0] / SWEEP) + 2;
    if (this.batch - flow.doubtful > round) this.forget(flow);
  }
}
