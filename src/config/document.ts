// From text to plain data that still knows where each value stands. A file is one mapping, or a
// Kubernetes object around it, or several documents that together make it.

import type { Document, Node } from "yaml";
import { isAlias, isMap, isPair, isScalar, parseAllDocuments, visit } from "yaml";
import { type DuplicateKey, keyOffset, keyText, removeDuplicateKeys } from "./duplicate-keys.ts";
import type { Place } from "./issue.ts";
import { Combiner, type Part } from "./objects.ts";
import { formatPath, type Path } from "./path.ts";
import { Report } from "./report.ts";
import { partName } from "./wording.ts";

export interface Source {
  /** The configuration as plain data; undefined when the text gives none. */
  readonly value: unknown;
  readonly report: Report;
}

/** A configuration that stands in a document about something else, as in a story. */
export interface EmbeddedConfig {
  readonly document: Document.Parsed;
  /** The whole text that the document was read from. */
  readonly text: string;
  /** Where it is in the document. */
  readonly path: Path;
}

/** Enough for any honest file; a bomb of aliases needs far more. */
const ALIASES_MAX = 100;

/** What YAML abbreviates as "!!". */
const STANDARD_TAG = /^tag:yaml\.org,2002:/;

export function readDocument(text: string, file: string): Source {
  const parsed = parseAllDocuments(text, {
    prettyErrors: false,
    // Found by duplicate-keys.ts, which lets the rest be read.
    uniqueKeys: false,
    stringKeys: true,
    logLevel: "error",
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const reader = new DocumentReader(file, text, documents);
  return reader.read();
}

/** Places are those in the whole document, whose syntax is right. */
export function readEmbedded({ document, text, path }: EmbeddedConfig, file: string): Source {
  return new DocumentReader(file, text, [document], path).read();
}

class DocumentReader {
  readonly #file: string;
  readonly #lineStarts: readonly number[];
  readonly #documents: readonly Document.Parsed[];
  /** Where the configuration is in each document. */
  readonly #base: Path;
  readonly #report: Report;
  #parts: ReadonlyMap<string, Part> = new Map();

  constructor(file: string, text: string, documents: readonly Document.Parsed[], base: Path = []) {
    this.#file = file;
    this.#base = base;
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    this.#documents = documents.filter((document) => !isEmptyDocument(document));
    this.#report = new Report((path) => this.#locate(path));
  }

  read(): Source {
    const report = this.#report;
    if (this.#syntaxErrors()) return { value: undefined, report };
    if (this.#documents.length === 0) {
      report.add("yaml/empty", [], "The file is empty.", "Write at least `vpcs:` and `peerings:`.");
      return { value: undefined, report };
    }
    // The syntax of a document around it has been judged as a whole.
    const duplicates = this.#base.length > 0 ? [] : this.#documents.map(removeDuplicateKeys);
    const values = this.#documents.map((document) => this.#plain(document));
    if (report.hasErrors) return { value: undefined, report };
    this.#unknownTags();
    const value = this.#combine(values);
    this.#documents.forEach((document, index) => {
      for (const each of duplicates[index] ?? []) this.#sayDuplicate(each, document);
    });
    return { value, report };
  }

  #syntaxErrors(): boolean {
    for (const { code, message, pos } of this.#documents.flatMap(({ errors }) => errors)) {
      const deep = /call stack|stack overflow/i.test(message);
      this.#report.addAt(this.#placeAt(pos[0]), [], {
        code: "yaml/syntax",
        path: "",
        message: deep ? "The file nests deeper than can be read." : syntaxMessage(code, message),
        hint: deep ? "Nest less deeply." : "Correct the YAML at this place.",
      });
      // Whatever is said about the rest is only an echo of this.
      if (deep) break;
    }
    return this.#report.hasErrors;
  }

  /** Tags of other programs, such as !include. */
  #unknownTags(): void {
    for (const { code, message, pos } of this.#documents.flatMap(({ warnings }) => warnings)) {
      const tag = /^Unresolved tag: (.+)$/.exec(message)?.[1]?.replace(STANDARD_TAG, "!!");
      if (code !== "TAG_RESOLVE_FAILED" || tag === undefined) continue;
      this.#report.addAt(this.#placeAt(pos[0]), [], {
        code: "yaml/unknown-tag",
        path: "",
        message: `The tag ${tag} means nothing here.`,
        hint: "Remove the tag, and write the value itself.",
      });
    }
  }

  #plain(document: Document.Parsed): unknown {
    try {
      const options = { maxAliasCount: ALIASES_MAX };
      if (this.#base.length === 0) return document.toJS(options);
      return (document.getIn(this.#base, true) as Node).toJS(document, options);
    } catch (error) {
      const name = /^Unresolved alias .*: (.*)$/.exec((error as Error).message)?.[1];
      if (name !== undefined) this.#sayNoAnchor(name, document);
      else {
        const hint = "Write the values out instead of using so many aliases.";
        this.#report.add("yaml/aliases", [], "The file uses aliases without end or measure.", hint);
      }
      return undefined;
    }
  }

  #sayNoAnchor(name: string, document: Document.Parsed): void {
    let offset = 0;
    visit(document, {
      Alias(_, { source, range }) {
        if (source !== name) return undefined;
        offset = range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    this.#report.addAt(this.#placeAt(offset), [], {
      code: "yaml/syntax",
      path: "",
      message: `The alias *${name} repeats a value that is marked nowhere before it.`,
      hint: `Mark the value with &${name}, or write it out here.`,
    });
  }

  /** One document is the whole, bare or in a Kubernetes object; several are put together. */
  #combine(values: readonly unknown[]): unknown {
    const [document] = this.#documents;
    const [value] = values;
    if (values.length === 1 && !hasKind(value)) {
      this.#parts = new Map([["[]", { at: [], document: document!, inside: [] }]]);
      return value;
    }
    const placeOf = (source: Document.Parsed, path: Path) =>
      this.#placeAt(offsetOf(source, [...this.#base, ...path]));
    const combiner = new Combiner(this.#report, placeOf);
    this.#parts = combiner.parts;
    values.forEach((each, index) => {
      combiner.add(each, this.#documents[index]!);
    });
    return combiner.whole;
  }

  /** Only the first is read, so nothing more is said about the mapping that has them. */
  #sayDuplicate({ path: inside, first, again }: DuplicateKey, document: Document.Parsed): void {
    const path = this.#wholePath(document, inside);
    const holder = path.slice(0, -1);
    this.#report.addAt(this.#placeAt(again), holder, {
      code: "yaml/duplicate-key",
      path: formatPath(path),
      message: `${partName(holder)} has the key "${path.at(-1)}" twice.`,
      hint: "Keep one of the two.",
      other: { path: formatPath(path), place: this.#placeAt(first) },
    });
  }

  /** What a path in a document is in the whole. */
  #wholePath(document: Document.Parsed, path: Path): Path {
    const parts = [...this.#parts.values()].filter((part) => part.document === document);
    const part = parts.findLast(({ inside }) => inside.every((each, i) => each === path[i]));
    return part ? [...part.at, ...path.slice(part.inside.length)] : path;
  }

  /** The place of the value at `path`, or of the nearest thing around it that is there. */
  #locate(path: Path): Place {
    for (let length = Math.min(2, path.length); length >= 0; length--) {
      const part = this.#parts.get(JSON.stringify(path.slice(0, length)));
      if (part === undefined) continue;
      const rest = path.slice(length);
      const inside = rest.length === 0 && part.name ? part.name : [...part.inside, ...rest];
      return this.#placeAt(offsetOf(part.document, [...this.#base, ...inside]));
    }
    return this.#placeAt(0);
  }

  /** The parser's own count of lines goes astray behind some mistakes. */
  #placeAt(offset: number): Place {
    const starts = this.#lineStarts;
    let [line, behind] = [0, starts.length];
    while (behind - line > 1) {
      const middle = (line + behind) >> 1;
      if (starts[middle]! <= offset) line = middle;
      else behind = middle;
    }
    return { file: this.#file, line: line + 1, column: offset - starts[line]! + 1 };
  }
}

/** Whether there is nothing in it, as behind a last `---`. */
export function isEmptyDocument({ contents, errors }: Document.Parsed): boolean {
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  return empty && errors.length === 0;
}

function hasKind(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "kind");
}

/** Its first line, as a sentence. */
function syntaxMessage(code: string, message: string): string {
  if (code === "NON_STRING_KEY") return "A key is a list or a mapping, but must be text.";
  return `${message.split("\n")[0]?.replace(/[.:]$/, "")}.`;
}

/** Offset of the key (in a mapping) or item (in a list) at `path`, as deep as the document goes. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0] ?? 0;
  for (const part of path) {
    const found = step(isAlias(node) ? node.resolve(document) : node, part);
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = found.node;
  }
  return offset;
}

function step(node: unknown, part: string | number) {
  if (isMap(node)) {
    const pair = node.items.find((each) => isPair(each) && keyText(each) === String(part));
    return pair && { node: pair.value, offset: keyOffset(pair) };
  }
  const items = (node as { items?: unknown[] } | undefined)?.items;
  const item = typeof part === "number" ? items?.[part] : undefined;
  return item === undefined ? undefined : { node: item, offset: (item as Node).range?.[0] };
}
