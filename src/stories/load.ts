// From YAML to stories. A file holds one or, as several documents, many.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import { isEmptyDocument } from "../config/document.ts";
import { parseDuration } from "../config/duration.ts";
import type { Place } from "../config/issue.ts";
import { ISSUE_CODES } from "../config/issue-codes.ts";
import type { Path } from "../config/path.ts";
import { nearest } from "../config/suggest.ts";
import { END_REASONS } from "../gateway/gateway.ts";
import { DROP } from "../packet/verdict.ts";
import { NotationError, parsePacket } from "../wire/notation.ts";
import { parseGivenPacket } from "../wire/packet-text.ts";
import {
  type ConfigSource,
  type OfVpc,
  type Step,
  type Story,
  StoryError,
  type StoryFlow,
  type StoryPacket,
} from "./story.ts";

const STORY_KEYS = ["story", "config", "steps", "seed", "ports", "timers"];
const RELOAD_KEYS = ["refused", "kept", "ended"];
const STEP_KEYS = [
  ...["send", "batch", "expect", "drop", "answer", "after", "reload", "flows"],
  ...RELOAD_KEYS,
];

/** Reads all stories of a file; throws StoryError for the first thing it cannot understand. */
export function loadStories(text: string, file: string): Story[] {
  return readStories(text, file).map((each) => {
    if (each instanceof StoryError) throw each;
    return each;
  });
}

/** The same, with the error in the place of each story that it cannot understand. */
export function readStories(text: string, file: string): (Story | StoryError)[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, logLevel: "error" });
  const documents = Array.isArray(parsed) ? parsed : [];
  const filled = documents.filter((document) => !isEmptyDocument(document));
  if (filled.length === 0) {
    return [new StoryError("the file holds no story", { file, line: 1, column: 1 })];
  }
  return filled.map((document) => {
    try {
      return new StoryReader(text, file, lines, document).story();
    } catch (error) {
      if (error instanceof StoryError) return error;
      throw error;
    }
  });
}

class StoryReader {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed;

  constructor(text: string, file: string, lines: LineCounter, document: Document.Parsed) {
    this.#text = text;
    this.#file = file;
    this.#lines = lines;
    this.#document = document;
  }

  story(): Story {
    const [error] = this.#document.errors;
    if (error) {
      // What follows the sentence in the first line is its place.
      const message = error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
      throw new StoryError(message, this.#placeOf(error.pos[0]));
    }
    const node = this.#document.contents as Node;
    const map = this.#map(node, "a story", STORY_KEYS);
    const name = map.get("story");
    const config = map.get("config", true);
    const steps = map.get("steps", true) as { items?: unknown[] } | undefined;
    if (typeof name !== "string")
      return this.#fail("story: must be a sentence that names it", node);
    if (config === undefined) return this.#fail("config: is missing", node);
    if (!Array.isArray(steps?.items)) return this.#fail("steps: must be a list", node);
    const seed = map.get("seed") ?? 1;
    if (typeof seed !== "number") return this.#fail("seed: must be a number", node);
    return {
      name,
      file: this.#file,
      config: this.#config(config as Node, ["config"]),
      seed,
      ports: this.#choice(map, "ports", ["random", "sequential"]),
      timers: this.#choice(map, "timers", ["rfc", "reference"]),
      steps: steps.items.map((step, index) => this.#step(step as Node, index)),
    };
  }

  #step(node: Node, index: number): Step {
    const map = this.#map(node, "a step", STEP_KEYS);
    const value = (key: string) => map.get(key, true) as Node | undefined;
    const send = value("send");
    const batch = value("batch");
    const reload = value("reload");
    if (send && batch) this.#fail("a step has send or batch, not both", node);
    const stray = RELOAD_KEYS.find((key) => !reload && value(key));
    if (stray) this.#fail(`${stray}: is about a reload, and the step has none`, node);
    const read = parseGivenPacket;
    const packets = send ? [this.#packet(send, read)] : batch ? this.#packets(batch, read) : [];
    return {
      place: this.#place(node),
      afterMillis: this.#after(value("after")),
      reload: reload && this.#config(reload, ["steps", index, "reload"]),
      refused: this.#word(value("refused"), "refused: must be an issue code", ISSUE_CODES),
      kept: this.#number(value("kept"), "kept: must be a number of flows"),
      ended: this.#reasons(value("ended")),
      packets,
      expect: this.#expect(value("expect")),
      drop: this.#drop(value("drop")),
      answer: this.#expect(value("answer")),
      flows: this.#flows(value("flows")),
    };
  }

  #after(node: Node | undefined): number {
    if (node === undefined) return 0;
    const millis = parseDuration(String(this.#scalar(node)));
    return millis ?? this.#fail('after: must be a duration such as "10m" or "1.5s"', node);
  }

  #expect(node: Node | undefined): readonly StoryPacket[] | undefined {
    if (node === undefined) return undefined;
    if (isScalar(node) && node.value === "none") return [];
    return this.#packets(node, parsePacket);
  }

  #drop(node: Node | undefined): string | undefined {
    if (node === undefined) return undefined;
    const reason = String(this.#scalar(node));
    if (reason === "*" || Object.hasOwn(DROP, reason)) return reason;
    const guess = nearest(reason, Object.keys(DROP));
    return this.#fail(
      `"${reason}" is no drop reason${guess ? `; did you mean "${guess}"?` : ""}`,
      node,
    );
  }

  /** A key of `known`. */
  #word(node: Node | undefined, problem: string, known: object): string | undefined {
    if (node === undefined) return undefined;
    const word = String(this.#scalar(node));
    if (Object.hasOwn(known, word)) return word;
    const guess = nearest(word, Object.keys(known));
    return this.#fail(guess ? `${problem}; did you mean "${guess}"?` : problem, node);
  }

  #number(node: Node | undefined, problem: string): number | undefined {
    if (node === undefined) return undefined;
    const count = this.#scalar(node);
    return typeof count === "number" && Number.isInteger(count) && count >= 0
      ? count
      : this.#fail(problem, node);
  }

  #reasons(node: Node | undefined): readonly string[] | undefined {
    if (node === undefined) return undefined;
    const items = (node as { items?: unknown[] }).items;
    if (!Array.isArray(items)) return this.#fail("ended: must be a list of reasons", node);
    return items.map((item) => {
      const problem = `ended: a reason is one of ${Object.keys(END_REASONS).join(", ")}`;
      return this.#word(item as Node, problem, END_REASONS)!;
    });
  }

  /** One of the words, the first when the key is absent. */
  #choice<T extends string>(map: YAMLMap, key: string, words: readonly [T, ...T[]]): T {
    const value = map.get(key) ?? words[0];
    const word = words.find((each) => each === value);
    return word ?? this.#fail(`${key}: must be one of ${words.join(", ")}`, map);
  }

  /** "vpc packet => vpc source > destination": behind the arrow the protocol is understood. */
  #flow(node: Node): StoryFlow {
    const text = String(this.#scalar(node)).trim().replace(/\s+/g, " ");
    const [left = "", right] = text.split(" => ");
    const protocol = left.split(" ")[1] ?? "";
    const vpc = right?.split(" ")[0];
    if (right === undefined || vpc === undefined) {
      return this.#fail('expected a flow, such as "blue udp … => green … > …"', node);
    }
    const translated = `${vpc} ${protocol}${right.slice(vpc.length)}`;
    const [original, other] = [left, translated].map((each) => this.#read(each, node, parsePacket));
    return { original: original!, translated: other!, text };
  }

  #flows(node: Node | undefined): number | readonly StoryFlow[] | undefined {
    if (node === undefined) return undefined;
    const items = (node as { items?: unknown[] }).items;
    if (Array.isArray(items)) return items.map((item) => this.#flow(item as Node));
    return this.#number(node, "flows: must be a number or a list");
  }

  #packets<T>(node: Node, read: (text: string) => T): OfVpc<T>[] {
    const { items } = node as { items?: unknown[] };
    if (Array.isArray(items) && !isMap(node)) {
      return items.map((item) => this.#packet(item as Node, read));
    }
    return [this.#packet(node, read)];
  }

  /** "vpc packet…". */
  #packet<T>(node: Node, read: (text: string) => T): OfVpc<T> {
    return this.#read(String(this.#scalar(node)).trim().replace(/\s+/g, " "), node, read);
  }

  #read<T>(text: string, node: Node, read: (text: string) => T): OfVpc<T> {
    const blank = text.indexOf(" ");
    if (blank < 0) return this.#fail('expected a VPC and a packet, such as "blue udp …"', node);
    const [vpc, said] = [text.slice(0, blank), text.slice(blank + 1)];
    try {
      return { vpc, packet: read(said), text, place: this.#place(node) };
    } catch (error) {
      if (!(error instanceof NotationError)) throw error;
      const place = this.#placeOf(this.#offsetIn(node, said, error.column - 1));
      throw new StoryError(error.message, place);
    }
  }

  /** Where in the file the character `at` of `said` is, which stands in `node`; where the node
   * starts if the two are not written alike. */
  #offsetIn(node: Node, said: string, at: number): number {
    const [start = 0, end = 0] = node.range ?? [];
    const found = this.#text.slice(start, end).indexOf(said);
    return found < 0 ? start : start + found + Math.min(at, said.length);
  }

  #config(node: Node, path: Path): ConfigSource {
    const place = this.#place(node);
    if (isScalar(node) && typeof node.value === "string") return { place, path: node.value };
    if (isMap(node) || isAlias(node)) {
      return { place, embedded: { document: this.#document, text: this.#text, path } };
    }
    return this.#fail("a configuration is a file name or stands here", node);
  }

  #scalar(node: Node): unknown {
    return isScalar(node) ? node.value : this.#fail("expected a single value", node);
  }

  #map(node: Node | null, what: string, known: readonly string[]): YAMLMap {
    if (!isMap(node)) return this.#fail(`${what} must be a mapping`, node);
    for (const { key } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (known.includes(name)) continue;
      const guess = nearest(name, known);
      const hint = guess ? `did you mean "${guess}"?` : `known: ${known.join(", ")}`;
      this.#fail(`${what} has no key "${name}"; ${hint}`, key as Node);
    }
    return node;
  }

  #place(node: Node | null): Place {
    return this.#placeOf(node?.range?.[0] ?? 0);
  }

  #placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #fail(message: string, node: Node | null): never {
    throw new StoryError(message, this.#place(node));
  }
}
