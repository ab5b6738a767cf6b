// From text to plain data that still knows where each value stands. A file is one mapping, or a
// Kubernetes object around it, or several documents that together make it.

import type { Document, Node, Pair } from "yaml";
import { isAlias, isMap, isPair, isScalar, LineCounter, parseAllDocuments } from "yaml";
import type { Place } from "./issue.ts";
import { type Path, Report } from "./report.ts";
import { nearest } from "./suggest.ts";

export interface Source {
  /** The configuration as plain data; undefined when the text gives none. */
  readonly value: unknown;
  readonly report: Report;
}

/** A configuration that stands in a document about something else, as in a story. */
export interface EmbeddedConfig {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** Where it is in the document. */
  readonly path: Path;
}

/** Enough for any honest file; a bomb of aliases needs far more. */
const ALIASES_MAX = 100;

/** Where in the file a part of the whole comes from. */
interface Part {
  /** Path in the whole. */
  readonly at: Path;
  readonly document: Document.Parsed;
  /** Path in that document. */
  readonly inside: Path;
}

type Objects = Record<string, unknown>;

export function readDocument(text: string, file: string): Source {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    logLevel: "error",
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  return new DocumentReader(file, lines, documents).read();
}

/** Places are those in the whole document, whose syntax is right. */
export function readEmbedded({ document, lines, path }: EmbeddedConfig, file: string): Source {
  return new DocumentReader(file, lines, [document], path).read();
}

class DocumentReader {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #documents: readonly Document.Parsed[];
  /** Where the configuration is in each document. */
  readonly #base: Path;
  readonly #parts: Part[] = [];
  readonly #report: Report;

  constructor(
    file: string,
    lines: LineCounter,
    documents: readonly Document.Parsed[],
    base: Path = [],
  ) {
    this.#file = file;
    this.#lines = lines;
    this.#base = base;
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
    const values = this.#documents.map((document) => this.#plain(document));
    if (report.hasErrors) return { value: undefined, report };
    return { value: this.#combine(values), report };
  }

  #syntaxErrors(): boolean {
    for (const { code, message, pos } of this.#documents.flatMap(({ errors }) => errors)) {
      this.#syntaxPlace = this.#placeOf(pos[0]);
      const root = this.#report.root;
      if (code === "DUPLICATE_KEY") {
        root.say("yaml/duplicate-key", syntaxMessage(message), "Keep one of the two.");
      } else if (/call stack|stack overflow/i.test(message)) {
        // Whatever is said about the rest is only an echo of this.
        root.say("yaml/syntax", "The file nests deeper than can be read.", "Nest less deeply.");
        break;
      } else {
        root.say("yaml/syntax", syntaxMessage(message), "Correct the YAML at this place.");
      }
    }
    this.#syntaxPlace = undefined;
    return this.#report.hasErrors;
  }

  #syntaxPlace: Place | undefined;

  #plain(document: Document.Parsed): unknown {
    try {
      const options = { maxAliasCount: ALIASES_MAX };
      if (this.#base.length === 0) return document.toJS(options);
      return (document.getIn(this.#base, true) as Node).toJS(document, options);
    } catch {
      const hint = "Write the values out instead of using so many aliases.";
      this.#report.add("yaml/aliases", [], "The file uses aliases without end or measure.", hint);
      return undefined;
    }
  }

  /** One document is the whole, bare or in a Kubernetes object; several are put together. */
  #combine(values: readonly unknown[]): unknown {
    const kinds = values.map((value) => (isObject(value) ? value["kind"] : undefined));
    const [document] = this.#documents;
    if (values.length === 1 && kinds[0] === undefined) {
      this.#parts.push({ at: [], document: document!, inside: [] });
      return values[0];
    }
    const whole: Objects = Object.create(null);
    values.forEach((value, index) => {
      this.#add(whole, value, this.#documents[index]!);
    });
    return whole;
  }

  #add(whole: Objects, value: unknown, document: Document.Parsed): void {
    if (!isObject(value)) {
      this.#misplaced(document, "A document of a file with several must be a mapping.");
      return;
    }
    const kind = value["kind"];
    if (kind === undefined) {
      for (const key of Object.keys(value)) this.#take(whole, [key], value[key], document, [key]);
      return;
    }
    const name = isObject(value["metadata"]) ? value["metadata"]["name"] : undefined;
    const spec = value["spec"] ?? {};
    const named = typeof name === "string" ? name : "";
    if (kind === "GatewayAgent") {
      this.#agent(whole, value["spec"], document);
    } else if (kind === "Gateway") this.#take(whole, ["gateway"], spec, document, ["spec"]);
    else if (kind === "VPCInfo") {
      const status = isObject(value["status"]) ? value["status"] : {};
      const both = isObject(spec) ? { ...spec, ...pick(status, "internalID") } : spec;
      this.#take(whole, ["vpcs", named], both, document, ["spec"]);
    } else if (kind === "GatewayPeering" || kind === "Peering") {
      this.#take(whole, ["peerings", named], spec, document, ["spec"]);
    } else if (kind === "GatewayGroup") {
      this.#take(whole, ["groups", named], { members: [] }, document, ["metadata"]);
    } else this.#unknownKind(String(kind), document);
  }

  #agent(whole: Objects, spec: unknown, document: Document.Parsed): void {
    if (!isObject(spec)) {
      const problem = spec == null ? "has no spec" : "has a spec that is no mapping";
      const hint = "Write the configuration under `spec:`.";
      this.#misplaced(document, `The GatewayAgent ${problem}.`, hint);
      return;
    }
    for (const key of Object.keys(spec)) {
      this.#take(whole, [key], spec[key], document, ["spec", key]);
    }
  }

  #take(
    whole: Objects,
    at: string[],
    value: unknown,
    document: Document.Parsed,
    inside: Path,
  ): void {
    let target = whole;
    for (const part of at.slice(0, -1)) {
      target[part] ??= Object.create(null);
      const inner = target[part];
      if (!isObject(inner)) {
        this.#misplaced(document, `${part} is given before as something that holds no others.`);
        return;
      }
      target = inner;
    }
    const key = at.at(-1)!;
    const twice = Object.hasOwn(target, key);
    // The first stays; the second is said to be wrong at its own place.
    this.#parts.push({ at: twice ? ["(again)", ...at] : at, document, inside });
    if (twice) {
      const code =
        at[0] === "vpcs"
          ? "vpc/duplicate-name"
          : at[0] === "peerings"
            ? "peering/duplicate-name"
            : "shape/mixed-documents";
      const message = `${at.join(" ")} is given twice.`;
      this.#report.add(code, ["(again)", ...at], message, "Remove or rename one of the two.");
    } else {
      target[key] = value;
    }
  }

  #unknownKind(kind: string, document: Document.Parsed): void {
    const known = ["GatewayAgent", "Gateway", "VPCInfo", "GatewayPeering", "GatewayGroup"];
    const guess = nearest(kind, known);
    const hint = guess ? `Did you mean ${guess}?` : `Known kinds: ${known.join(", ")}.`;
    this.#parts.push({ at: ["(kind)"], document, inside: ["kind"] });
    this.#report.add("shape/unknown-kind", ["(kind)"], `There is no kind "${kind}".`, hint);
  }

  #misplaced(document: Document.Parsed, message: string, advice?: string): void {
    this.#parts.push({ at: ["(document)"], document, inside: [] });
    const hint = advice ?? "Give each document a kind, or put everything into one.";
    this.#report.add("shape/mixed-documents", ["(document)"], message, hint);
  }

  /** The place of the value at `path`, or of the nearest thing around it that is there. */
  #locate(path: Path): Place {
    if (this.#syntaxPlace) return this.#syntaxPlace;
    const part = this.#parts.findLast(({ at }) => at.every((each, index) => each === path[index]));
    const document = part?.document ?? this.#documents[0];
    if (document === undefined) return this.#placeOf(0);
    const inside = part ? [...part.inside, ...path.slice(part.at.length)] : [];
    return this.#placeOf(offsetOf(document, [...this.#base, ...inside]));
  }

  #placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Whether there is nothing in it, as behind a last `---`. */
export function isEmptyDocument({ contents, errors }: Document.Parsed): boolean {
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  return empty && errors.length === 0;
}

/** The first line, as a sentence, without the place, which is told apart. */
function syntaxMessage(message: string): string {
  return `${message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "")}.`;
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
    return pair && { node: pair.value, offset: (pair.key as Node | null)?.range?.[0] };
  }
  const items = (node as { items?: unknown[] } | undefined)?.items;
  const item = typeof part === "number" ? items?.[part] : undefined;
  return item === undefined ? undefined : { node: item, offset: (item as Node).range?.[0] };
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function isObject(value: unknown): value is Objects {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pick(object: Objects, key: string): Objects {
  return object[key] === undefined ? {} : { [key]: object[key] };
}
