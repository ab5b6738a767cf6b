// The n-th private element is the n-th public element. An element is an (address, port) pair; a
// list is walked entry by entry, in an entry address by address, at an address port by port (an
// entry without ports has 65,536 of them). Walking both lists side by side cuts them into runs that
// lie within one entry on either side; each run becomes rules for the data path.

import { assert } from "../../base/assert.ts";
import type { NatExpose } from "../../config/model.ts";
import { bits } from "../../wire/ip-address.ts";
import { PORT_COUNT } from "../../wire/port.ts";
import { type PrefixPorts, portCount, sizeOf } from "../../wire/prefix-ports.ts";
import type { Block, MappingRule, StatelessMapping } from "../mapping.ts";

/** Elements `fromFirst` to `fromFirst + count - 1` of one entry, and where they go in another. */
interface Run {
  readonly from: PrefixPorts;
  readonly to: PrefixPorts;
  readonly fromFirst: bigint;
  readonly toFirst: bigint;
  readonly count: bigint;
}

/** The lists must be normalised and of equal size, as a checked configuration has them. */
export function staticMapping(expose: NatExpose): StatelessMapping {
  const { privates, publics } = expose;
  assert(sizeOf(privates) === sizeOf(publics), "a checked static expose has sides of equal size");
  return { toPublic: rules(privates, publics), toPrivate: rules(publics, privates) };
}

function rules(from: readonly PrefixPorts[], to: readonly PrefixPorts[]): MappingRule[] {
  return runs(from, to).flatMap(rulesOfRun);
}

function runs(from: readonly PrefixPorts[], to: readonly PrefixPorts[]): Run[] {
  const result: Run[] = [];
  let [fromIndex, toIndex, fromFirst, toFirst] = [0, 0, 0n, 0n];
  while (fromIndex < from.length && toIndex < to.length) {
    const [source, target] = [from[fromIndex]!, to[toIndex]!];
    const fromLeft = sizeOf([source]) - fromFirst;
    const toLeft = sizeOf([target]) - toFirst;
    const count = min(fromLeft, toLeft);
    result.push({ from: source, to: target, fromFirst, toFirst, count });
    fromFirst += count;
    toFirst += count;
    if (count === fromLeft) [fromIndex, fromFirst] = [fromIndex + 1, 0n];
    if (count === toLeft) [toIndex, toFirst] = [toIndex + 1, 0n];
  }
  return result;
}

const ALL_PORTS = BigInt(PORT_COUNT);

function rulesOfRun(run: Run): MappingRule[] {
  const { from, to, fromFirst, toFirst, count } = run;
  const wholeAddresses = [fromFirst, toFirst, count].every((each) => each % ALL_PORTS === 0n);
  if (from.ports === undefined && to.ports === undefined && wholeAddresses) {
    return [shiftRule(run)];
  }
  return rectangles(run);
}

/** Whole addresses to whole addresses: ports do not matter, nor whether there are any. */
function shiftRule({ from, to, fromFirst, toFirst, count }: Run): MappingRule {
  const { family } = from.prefix;
  const first = from.prefix.network + fromFirst / ALL_PORTS;
  const target = to.prefix.network + toFirst / ALL_PORTS;
  const delta = BigInt.asUintN(bits(family), target - first);
  const last = first + count / ALL_PORTS - 1n;
  return { family, first, last, mapping: { kind: "shift", delta } };
}

function blockOf({ prefix, ports }: PrefixPorts): Block {
  return { address: prefix.network, port: ports?.first ?? 0, portCount: portCount(ports) };
}

/** A run may start and end within the ports of an address: it is up to three rectangles of
 * addresses and ports, all with the same arithmetic. */
function rectangles({ from, to, fromFirst, toFirst, count }: Run): MappingRule[] {
  const block = blockOf(from);
  const width = BigInt(block.portCount);
  const mapping = {
    kind: "reshape",
    from: block,
    to: blockOf(to),
    add: toFirst - fromFirst,
  } as const;
  const result: MappingRule[] = [];
  /** Elements from `at` to `end` - 1, all of one address or of whole addresses. */
  const add = (at: bigint, end: bigint) => {
    if (at >= end) return;
    const whole = at % width === 0n && end % width === 0n;
    const firstPort = block.port + (whole ? 0 : Number(at % width));
    const lastPort = block.port + (whole ? block.portCount - 1 : Number((end - 1n) % width));
    result.push({
      family: from.prefix.family,
      first: block.address + at / width,
      last: block.address + (end - 1n) / width,
      ports: { first: firstPort, last: lastPort },
      mapping,
    });
  };
  const end = fromFirst + count;
  const firstWhole = min(end, roundUp(fromFirst, width));
  const lastWhole = max(firstWhole, end - (end % width));
  add(fromFirst, firstWhole);
  add(firstWhole, lastWhole);
  add(lastWhole, end);
  return result;
}

function roundUp(value: bigint, unit: bigint): bigint {
  return ((value + unit - 1n) / unit) * unit;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
