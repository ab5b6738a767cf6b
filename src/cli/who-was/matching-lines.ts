// Lines of a large text that contain one of a few words, without making a text of the others.

const END_OF_LINE = 10;

export class MatchingLines {
  readonly #words: readonly Buffer[];
  /** The line that has begun and not ended yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** The first and the last whole line. */
  first = "";
  last = "";

  constructor(words: readonly string[]) {
    this.#words = words.map((word) => Buffer.from(word));
  }

  /** The lines that end in `chunk`, in their order. */
  take(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(END_OF_LINE);
    if (end < 0) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return [];
    }
    const whole = Buffer.concat([this.#rest, chunk.subarray(0, end)]);
    this.#rest = Buffer.from(chunk.subarray(end + 1));
    return this.#search(whole);
  }

  /** The last line, when nothing ended it. */
  finish(): string[] {
    const { length } = this.#rest;
    const found = length > 0 ? this.#search(this.#rest) : [];
    this.#rest = Buffer.alloc(0);
    return found;
  }

  #search(text: Buffer): string[] {
    const firstEnd = text.indexOf(END_OF_LINE);
    if (this.first === "") this.first = text.toString("utf8", 0, endOr(firstEnd, text));
    this.last = text.toString("utf8", text.lastIndexOf(END_OF_LINE) + 1);
    const found: string[] = [];
    const next = this.#words.map((word) => text.indexOf(word));
    for (let from = 0; ; ) {
      const hit = Math.min(...next.map((at) => (at < 0 ? text.length : at)));
      if (hit >= text.length) return found;
      const begin = text.lastIndexOf(END_OF_LINE, hit) + 1;
      from = endOr(text.indexOf(END_OF_LINE, hit), text);
      found.push(text.toString("utf8", begin, from));
      for (const [index, at] of next.entries()) {
        if (at >= 0 && at < from) next[index] = text.indexOf(this.#words[index]!, from);
      }
    }
  }
}

function endOr(at: number, text: Buffer): number {
  return at < 0 ? text.length : at;
}
