// Keys that a mapping has twice. The first stays, so that everything else can still be checked.

import type { Document, Node, Pair } from "yaml";
import { isMap, isPair, isScalar, isSeq } from "yaml";
import type { Path } from "./path.ts";

export interface DuplicateKey {
  /** Path of the key in its document. */
  readonly path: Path;
  /** Offsets in the text: where it stands first, and where again. */
  readonly first: number;
  readonly again: number;
}

interface Visit {
  readonly node: unknown;
  readonly key: string | number;
  readonly holder: Visit | undefined;
}

/** Takes every later one out of `document`. Walks without recursion: files may nest deeply. */
export function removeDuplicateKeys({ contents }: Document.Parsed): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  const visits: Visit[] = [{ node: contents, key: "", holder: undefined }];
  for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
    const { node } = visit;
    if (isMap(node)) node.items = firstOfEach(node.items as Pair[], visit, found) as never;
    if (!isMap(node) && !isSeq(node)) continue;
    node.items.forEach((item, index) => {
      const [key, value] = isPair(item) ? [keyText(item), item.value] : [index, item];
      visits.push({ node: value, key, holder: visit });
    });
  }
  return found;
}

function firstOfEach(pairs: readonly Pair[], holder: Visit, found: DuplicateKey[]): Pair[] {
  const firsts = new Map<string, number>();
  return pairs.filter((pair) => {
    const key = keyText(pair);
    const offset = keyOffset(pair) ?? 0;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, offset);
    else found.push({ path: [...pathOf(holder), key], first, again: offset });
    return first === undefined;
  });
}

function pathOf(visit: Visit): Path {
  const path: (string | number)[] = [];
  for (let each = visit; each.holder !== undefined; each = each.holder) path.unshift(each.key);
  return path;
}

export function keyText({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

export function keyOffset({ key }: Pair): number | undefined {
  return (key as Node | null)?.range?.[0];
}
