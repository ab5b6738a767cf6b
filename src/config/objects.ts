// Puts the documents of a file together: Kubernetes objects, and bare parts beside them.

import type { Document } from "yaml";
import type { Place } from "./issue.ts";
import type { IssueCode } from "./issue-codes.ts";
import { formatPath, type Path } from "./path.ts";
import type { Report } from "./report.ts";
import { nearest } from "./suggest.ts";
import { kindOf } from "./wording.ts";

type Objects = Record<string, unknown>;

/** Where in the file a part of the whole comes from. */
export interface Part {
  /** Path in the whole. */
  readonly at: Path;
  readonly document: Document.Parsed;
  /** Path of its value in that document. */
  readonly inside: Path;
  /** Path of its name there, when the value does not stand behind it. */
  readonly name?: Path;
}

type Source = Omit<Part, "at">;

export const KINDS = ["GatewayAgent", "Gateway", "VPCInfo", "GatewayPeering", "GatewayGroup"];

/** Keys whose things have names and may be given one by one: what one of them is called, and the
 * code for two of one name. */
const NAMED: Readonly<Record<string, readonly [string, IssueCode]>> = {
  vpcs: ["VPC", "vpc/duplicate-name"],
  peerings: ["peering", "peering/duplicate-name"],
  groups: ["gateway group", "shape/mixed-documents"],
};

export class Combiner {
  readonly whole: Objects = Object.create(null);
  readonly #parts = new Map<string, Part>();
  readonly #report: Report;
  readonly #placeOf: (source: Document.Parsed, path: Path) => Place;

  constructor(report: Report, placeOf: (source: Document.Parsed, path: Path) => Place) {
    this.#report = report;
    this.#placeOf = placeOf;
  }

  get parts(): ReadonlyMap<string, Part> {
    return this.#parts;
  }

  add(value: unknown, document: Document.Parsed): void {
    if (!isObject(value)) {
      const message = `A document of the file is ${kindOf(value)}, but must be a mapping.`;
      const hint = "Give each document a kind, or put everything into one.";
      this.#say("shape/mixed-documents", document, [], message, hint);
    } else if (value["kind"] === undefined) this.#addAll(value, document, []);
    else this.#addObject(value["kind"], value, document);
  }

  #addObject(kind: unknown, value: Objects, document: Document.Parsed): void {
    if (typeof kind !== "string" || ![...KINDS, "Peering"].includes(kind)) {
      this.#unknownKind(kind, document);
      return;
    }
    const spec = value["spec"] ?? (kind === "GatewayAgent" ? undefined : {});
    if (!isObject(spec)) {
      const what = spec === undefined ? "no spec" : "a spec that is no mapping";
      const hint = "Write the configuration under `spec:`.";
      this.#say("shape/mixed-documents", document, ["spec"], `The ${kind} has ${what}.`, hint);
      return;
    }
    const source = { document, inside: ["spec"] };
    if (kind === "GatewayAgent") this.#addAll(spec, document, ["spec"]);
    else if (kind === "Gateway") this.#take(["gateway"], spec, source);
    else if (kind === "VPCInfo") {
      const status = isObject(value["status"]) ? value["status"] : {};
      this.#takeNamed("vpcs", { ...spec, ...pick(status, "internalID") }, value, source);
    } else if (kind === "GatewayGroup") this.#takeNamed("groups", { members: [] }, value, source);
    else this.#takeNamed("peerings", spec, value, source);
  }

  /** A mapping with the keys of a whole configuration, or some of them. */
  #addAll(value: Objects, document: Document.Parsed, inside: Path): void {
    for (const key of Object.keys(value)) {
      const things = value[key];
      const source = { document, inside: [...inside, key] };
      if (!Object.hasOwn(NAMED, key) || !isObject(things)) {
        this.#take([key], things, source);
        continue;
      }
      this.#holder(key, source);
      for (const name of Object.keys(things)) {
        this.#take([key, name], things[name], { document, inside: [...source.inside, name] });
      }
    }
  }

  #takeNamed(key: string, thing: unknown, { metadata }: Objects, source: Source): void {
    const name = isObject(metadata) ? metadata["name"] : undefined;
    const named = typeof name === "string" ? name : "";
    this.#take([key, named], thing, { ...source, name: ["metadata", "name"] });
  }

  #take(at: readonly string[], value: unknown, source: Source): void {
    const key = at.at(-1)!;
    const holder = at.length === 1 ? this.whole : this.#holder(at[0]!, source);
    // What is no mapping is reported as such.
    if (holder === undefined) return;
    const part = { at, ...source };
    if (Object.hasOwn(holder, key)) this.#saySecond(part);
    else {
      holder[key] = value;
      this.#parts.set(JSON.stringify(at), part);
    }
  }

  /** The mapping of named things under `key`. */
  #holder(key: string, source: Source): Objects | undefined {
    if (!Object.hasOwn(this.whole, key)) {
      this.whole[key] = Object.create(null);
      this.#parts.set(JSON.stringify([key]), { at: [key], ...source });
    }
    const holder = this.whole[key];
    return isObject(holder) ? holder : undefined;
  }

  /** The first stays. */
  #saySecond(part: Part): void {
    const [key = "", name] = part.at as readonly string[];
    // A name that is missing is reported as such.
    if (name === "") return;
    const [what, code] = NAMED[key] ?? [key, "shape/mixed-documents" as const];
    const first = this.#parts.get(JSON.stringify(part.at))!;
    const placeOf = (each: Part) => this.#placeOf(each.document, each.name ?? each.inside);
    const path = formatPath(part.at);
    this.#report.addAt(placeOf(part), [], {
      code,
      path,
      message:
        name === undefined ? `${key} is given twice.` : `The ${what} "${name}" is given twice.`,
      hint: `Remove${name === undefined ? "" : " or rename"} one of the two.`,
      other: { path, place: placeOf(first) },
    });
  }

  #unknownKind(kind: unknown, document: Document.Parsed): void {
    const guess = typeof kind === "string" ? nearest(kind, KINDS) : undefined;
    const hint = guess ? `Did you mean ${guess}?` : `Known kinds: ${KINDS.join(", ")}.`;
    const message =
      typeof kind === "string"
        ? `There is no kind "${kind}".`
        : `kind is ${kindOf(kind)}, but must be text.`;
    this.#say("shape/unknown-kind", document, ["kind"], message, hint);
  }

  #say(
    code: IssueCode,
    document: Document.Parsed,
    path: Path,
    message: string,
    hint: string,
  ): void {
    const place = this.#placeOf(document, path);
    this.#report.addAt(place, [], { code, path: formatPath(path), message, hint });
  }
}

/** A mapping, and none of the other things that YAML can make by tags. */
function isObject(value: unknown): value is Objects {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function pick(object: Objects, key: string): Objects {
  return object[key] === undefined ? {} : { [key]: object[key] };
}
