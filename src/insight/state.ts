// How full the gateway is: flows and what else is held, in numbers that are there anyway.

import type { Gateway, Tracked } from "../gateway/gateway.ts";

export interface GatewayState extends Tracked {
  /** Configurations applied since the start. */
  readonly generation: number;
  readonly families: readonly FamilyState[];
  /** Those of which the flows are counted: all when any has a limit, otherwise none. */
  readonly vpcs: readonly VpcState[];
}

export interface FamilyState {
  readonly family: 4 | 6;
  /** Ended ones that rest included. */
  readonly flows: number;
  readonly capacity: number;
}

export interface VpcState {
  readonly vpc: string;
  /** That its hosts hold open. */
  readonly flows: number;
  /** Most that they may; 0: no limit. */
  readonly limit: number;
}

export function gatewayState(gateway: Gateway): GatewayState {
  const { flows, names, snapshot } = gateway.parts;
  const { tables, limits } = flows;
  return {
    ...gateway.tracked(),
    generation: gateway.generation,
    families: tables.map(({ v6, count, capacity }) => ({
      family: v6 ? 6 : 4,
      flows: count,
      capacity,
    })),
    vpcs: limits.limited
      ? names.vpcs.map((vpc, index) => ({
          vpc,
          flows: limits.held(index),
          limit: snapshot.vpcFlowLimits[index]!,
        }))
      : [],
  };
}
