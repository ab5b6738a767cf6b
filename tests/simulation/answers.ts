// Which drops the gateway tells the sender of.

const KIND_OF: ReadonlyMap<string, number> = new Map([
  ["ttl-exceeded", 1],
  ["too-big", 2],
  ["acl-denied", 3],
  ["no-free-port", 3],
  ["host-flow-limit", 3],
  ["flow-table-full", 3],
]);

/** 0: none; 1: time exceeded; 2: too big; 3: prohibited, where that is asked for. */
export function answerKind(drop: string): number {
  return drop === "" ? 0 : (KIND_OF.get(drop) ?? 0);
}
