// Collects issues. Every check writes here and goes on, so that all mistakes come out at once.

import type { ConfigIssue, Place } from "./issue.ts";
import { ISSUE_CODES, type IssueCode } from "./issue-codes.ts";
import { formatPath, type Path } from "./path.ts";

/** Something that has a place in the document. */
export interface Located {
  readonly path: string;
  readonly place: Place;
}

/** A report about one part of the document; paths given to it are relative to that part. */
export class Reporter {
  readonly #report: Report;
  readonly #path: Path;

  constructor(report: Report, path: Path) {
    this.#report = report;
    this.#path = path;
  }

  at(...path: Path): Reporter {
    return new Reporter(this.#report, [...this.#path, ...path]);
  }

  /** Says what is wrong here (or at `path` below), what to do, and where the other half of a
   * collision is. */
  say(code: IssueCode, message: string, hint: string, other?: Located): void {
    this.#report.add(code, this.#path, message, hint, other);
  }

  get located(): Located {
    return { path: formatPath(this.#path), place: this.#report.locate(this.#path) };
  }

  /** Whether something inside this part has been found wrong already. */
  get tainted(): boolean {
    return this.#report.tainted(this.#path);
  }
}

/** An issue without its place and weight. */
interface Finding {
  readonly code: IssueCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  readonly other?: Located | undefined;
}

export class Report {
  readonly locate: (path: Path) => Place;
  readonly #issues: ConfigIssue[] = [];
  readonly #tainted = new Set<string>();

  constructor(locate: (path: Path) => Place) {
    this.locate = locate;
  }

  get root(): Reporter {
    return new Reporter(this, []);
  }

  add(code: IssueCode, path: Path, message: string, hint: string, other?: Located): void {
    const at = formatPath(path);
    this.addAt(this.locate(path), path, { code, path: at, message, hint, other });
  }

  /** For what stands at a place that its path does not lead to. `taints` is what must not be
   * believed any more, with all that it is in. */
  addAt(place: Place, taints: Path, issue: Finding): void {
    const { code, path, message, hint, other } = issue;
    const severity = ISSUE_CODES[code];
    // Callers hand in whatever has a place; only that is kept.
    const there = other && { path: other.path, place: other.place };
    this.#issues.push({ code, severity, path, place, message, hint, other: there });
    if (severity === "warning") return;
    for (let length = 0; length <= taints.length; length++) {
      this.#tainted.add(JSON.stringify(taints.slice(0, length)));
    }
  }

  tainted(path: Path): boolean {
    return this.#tainted.has(JSON.stringify(path));
  }

  get hasErrors(): boolean {
    return this.#issues.some(({ severity }) => severity === "error");
  }

  /** In the order of the document; the same thing is said once. */
  get issues(): readonly ConfigIssue[] {
    const seen = new Map(
      this.#issues.map((issue) => {
        const { code, path, message, place } = issue;
        return [`${place.line}:${place.column} ${code} ${path} ${message}`, issue];
      }),
    );
    return [...seen.values()].sort(
      (a, b) => a.place.line - b.place.line || a.place.column - b.place.column,
    );
  }
}
