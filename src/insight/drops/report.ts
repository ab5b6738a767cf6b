// How many packets were dropped: why, between which VPCs, by which interface they came, and at
// which step. Counted since the start, whatever configurations came and went.

import type { Gateway } from "../../gateway/gateway.ts";
import { DROP, type DropName, verdictName } from "../../packet/verdict.ts";

/** Packets that are alike in everything that is counted. VPCs are null where there was none, or it
 * was not known yet. */
export interface DropCell {
  readonly reason: DropName;
  readonly step: string;
  readonly interface: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly count: number;
}

export interface ReasonCount {
  readonly reason: DropName;
  /** What happened. */
  readonly sentence: string;
  /** What to do about it. */
  readonly advice: string;
  readonly count: number;
}

export interface DropReport {
  readonly total: number;
  /** The most first, like `pairs` and `cells`. */
  readonly reasons: readonly ReasonCount[];
  readonly pairs: readonly Pick<DropCell, "from" | "to" | "count">[];
  /** In the order of interfaces. */
  readonly interfaces: readonly Pick<DropCell, "interface" | "count">[];
  /** In the order of the pipeline. */
  readonly steps: readonly Pick<DropCell, "step" | "count">[];
  readonly cells: readonly DropCell[];
  /** Of `reasons`, packets that are in no other list: all counters were taken. */
  readonly elsewhere: number;
  /** Sentences about what the ledger had no room for. */
  readonly notices: readonly string[];
}

/** All of it: some thousand counters at most, a few milliseconds. */
export function drops(gateway: Gateway): DropReport {
  const { drops: book, interfaces } = gateway.parts;
  const { ledger, steps } = book;
  const cells = readCells(gateway);
  const elsewhere = ledger.others.reduce((sum, count) => sum + count, 0);
  const reasons = addUp([...cells, ...readOthers(ledger.others)], ({ reason }) => reason);
  const pairs = addUp(cells, ({ from, to }) => JSON.stringify([from, to]));
  const byInterface = addUp(cells, (cell) => cell.interface);
  const byStep = addUp(cells, ({ step }) => step);
  return {
    total: reasons.reduce((sum, { count }) => sum + count, 0),
    reasons: reasons
      .sort(most)
      .map(({ item: { reason }, count }) => ({ reason, ...inWords(reason), count })),
    pairs: pairs.sort(most).map(({ item: { from, to }, count }) => ({ from, to, count })),
    interfaces: inOrder(
      byInterface.map(({ item, count }) => ({ interface: item.interface, count })),
      interfaces.map(({ name }) => name),
      (each) => each.interface,
    ),
    steps: inOrder(
      byStep.map(({ item, count }) => ({ step: item.step, count })),
      steps,
      ({ step }) => step,
    ),
    cells: [...cells].sort(most),
    elsewhere,
    notices: notices(elsewhere, ledger.samples.unsampled),
  };
}

export function inWords(reason: DropName): { sentence: string; advice: string } {
  const { sentence, advice } = DROP[reason];
  return { sentence, advice };
}

/** Counters that count the same by name, as two interfaces of one name do, are one. */
function readCells(gateway: Gateway): DropCell[] {
  const { count } = gateway.parts.drops.ledger.cells;
  const read = Array.from({ length: count }, (_, cell) => readCell(gateway, cell));
  const names = ({ reason, step, interface: name, from, to }: DropCell) =>
    JSON.stringify([reason, step, name, from, to]);
  return addUp(read, names).map(({ item, count }) => ({ ...item, count }));
}

/** One counter of the ledger. */
export function readCell(gateway: Gateway, cell: number): DropCell {
  const { drops: book, interfaces } = gateway.parts;
  const { cells, counts } = book.ledger;
  const first = cells.firsts[cell]!;
  const second = cells.seconds[cell]!;
  return {
    reason: verdictName(first & 0xff) as DropName,
    step: book.steps[(first >>> 8) & 0xff]!,
    interface: interfaces[first >>> 16]!.name,
    from: book.vpc(second >>> 16) ?? null,
    to: book.vpc(second & 0xffff) ?? null,
    count: counts[cell]!,
  };
}

/** What is counted by its reason alone. */
export function readOthers(others: Float64Array): Pick<DropCell, "reason" | "count">[] {
  return Array.from(others, (count, code) => ({
    reason: verdictName(code) as DropName,
    count,
  })).filter(({ count }) => count > 0);
}

interface Sum<T> {
  /** The first of those added up. */
  readonly item: T;
  readonly count: number;
}

function addUp<T extends { readonly count: number }>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Sum<T>[] {
  const sums = new Map<string, Sum<T>>();
  for (const item of items) {
    const key = keyOf(item);
    const before = sums.get(key);
    sums.set(key, { item: before?.item ?? item, count: (before?.count ?? 0) + item.count });
  }
  return [...sums.values()];
}

function most(a: { readonly count: number }, b: { readonly count: number }): number {
  return b.count - a.count;
}

function inOrder<T>(items: T[], names: readonly string[], nameOf: (item: T) => string): T[] {
  const places = new Map(names.map((name, index) => [name, index]));
  return items.sort((a, b) => places.get(nameOf(a))! - places.get(nameOf(b))!);
}

function notices(elsewhere: number, unsampled: number): string[] {
  const result: string[] = [];
  if (elsewhere > 0) {
    result.push(
      `${elsewhere} packets are counted by their reason alone: there were more combinations of reason, step, interface and VPCs than counters.`,
    );
  }
  if (unsampled > 0) {
    result.push(
      `No sample was kept of ${unsampled} packets: there were more combinations of reason and VPCs than places.`,
    );
  }
  return result;
}
