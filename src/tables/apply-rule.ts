// Data path.
// Executes one stateless rule on an address where it stands. The common case, a shift of a whole
// packet's addresses, has its own short way (functions/fast-path); this serves all others.

import { applyReshape, RESULT_PORT, RESULT_WORDS } from "./reshape-table.ts";
import { DELTA, KIND, RESHAPE, RULE_WORDS } from "./rule-table.ts";
import type { SnapshotHolder } from "./snapshot.ts";

/** Result of a rule that gives no usable port. */
export const NO_MAPPING = -2;

/**
 * Writes the mapped address over the one at `at` and returns the mapped port (`port` itself, -1 for
 * none, when ports stay), or NO_MAPPING, and then nothing is written. The rule must cover both.
 */
export type RuleApplier = (rule: number, at: number, v6: boolean, port: number) => number;

/** The memory in which the addresses stand. */
export interface AddressMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function ruleApplier(memory: AddressMemory, snapshot: SnapshotHolder): RuleApplier {
  const { bytes, view } = memory;
  const result = new Int32Array(RESULT_WORDS);

  /** Adds the 128-bit delta of the rule at `word`, with carries between 32-bit words. */
  function shiftV6(rules: Int32Array, word: number, at: number): void {
    let carry = 0;
    for (let i = 3; i >= 0; i--) {
      const sum = view.getUint32(at + 4 * i) + (rules[word + DELTA + i]! >>> 0) + carry;
      view.setUint32(at + 4 * i, sum >>> 0);
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  return function applyRule(rule, at, v6, port) {
    const { rules, reshapes } = snapshot.current;
    const word = rule * RULE_WORDS;
    if (rules[word + KIND]! !== RESHAPE) {
      if (v6) shiftV6(rules, word, at);
      else view.setInt32(at, (view.getInt32(at) + rules[word + DELTA]!) | 0);
      return port;
    }
    const size = v6 ? 16 : 4;
    applyReshape(reshapes, rules[word + DELTA]!, bytes, at, size, port, result);
    const newPort = result[RESULT_PORT]!;
    if (newPort === 0) return NO_MAPPING;
    for (let limb = 0; limb < size / 2; limb++) {
      view.setUint16(at + size - 2 - 2 * limb, result[limb]!);
    }
    return newPort;
  };
}
