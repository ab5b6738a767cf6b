// Damage to texts: to characters, words and lines, with words of other texts and odd ones.

import type { Random } from "../../src/base/random.ts";

export interface Words {
  /** What stands in good inputs. */
  readonly usual: readonly string[];
  /** What often goes wrong. */
  readonly odd: readonly string[];
  /** A word of the language. */
  readonly word: RegExp;
}

export function damageText(text: string, other: string, words: Words, random: Random): string {
  const kind = random.below(10);
  const at = random.below(text.length + 1);
  if (kind < 2) return splice(text, at, random.below(8), "");
  if (kind < 4) return splice(text, at, 0, pick(random.below(2) ? words.odd : words.usual, random));
  if (kind < 7) return replaceWord(text, words, random);
  const lines = text.split("\n");
  const line = random.below(lines.length);
  if (kind === 7) return lines.toSpliced(line, 1 + random.below(2)).join("\n");
  const others = other.split("\n");
  const from = random.below(others.length);
  const piece = others.slice(from, from + 1 + random.below(4));
  if (kind === 8) return lines.toSpliced(line, random.below(2) * piece.length, ...piece).join("\n");
  return indent(lines, line, random).join("\n");
}

function splice(text: string, at: number, length: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at + length);
}

function pick(list: readonly string[], random: Random): string {
  return list[random.below(list.length)] ?? "";
}

function replaceWord(text: string, words: Words, random: Random): string {
  const found = [...text.matchAll(words.word)];
  const chosen = found[random.below(found.length || 1)];
  if (chosen === undefined) return text;
  const from = random.below(3);
  const swapped = found[random.below(found.length)]![0];
  const word = from === 0 ? swapped : pick(from === 1 ? words.usual : words.odd, random);
  return splice(text, chosen.index, chosen[0].length, word);
}

function indent(lines: readonly string[], line: number, random: Random): string[] {
  const blanks = " ".repeat(1 + random.below(4));
  return lines.map((each, index) => {
    if (index !== line) return each;
    return each.startsWith(blanks) && random.below(2) ? each.slice(blanks.length) : blanks + each;
  });
}
