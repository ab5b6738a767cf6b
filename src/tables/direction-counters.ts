// Data path.
// What passed, by direction (which way across which peering).

/** Replaced, with what it counted carried over, when a configuration is applied. */
export interface DirectionCounters {
  current: DirectionCounts;
}

/** By direction index. Doubles: exact to 2^53 packets or bytes. */
export interface DirectionCounts {
  readonly packets: Float64Array;
  /** Bytes of IP packets, without link and tunnel headers. */
  readonly bytes: Float64Array;
  readonly dropped: Float64Array;
  /** Flows that were opened that way. */
  readonly flows: Float64Array;
}

export function directionCounts(directions: number): DirectionCounts {
  return {
    packets: new Float64Array(directions),
    bytes: new Float64Array(directions),
    dropped: new Float64Array(directions),
    flows: new Float64Array(directions),
  };
}
