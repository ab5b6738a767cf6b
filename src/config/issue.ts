// What is wrong, or odd, in a configuration. Codes are stable; docs/errors.md has an entry for
// each.

/** Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ConfigIssue {
  /** Stable, e.g. "static/size-mismatch". */
  readonly code: string;
  /** A warning does not stop the configuration from being applied. */
  readonly severity: "error" | "warning";
  /** Where in the document, e.g. "peerings.blue--green.peering.blue.expose[0].ips[1].not". */
  readonly path: string;
  readonly place: Place;
  /** One sentence: what is wrong, with the values concerned. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** The other place of a collision. */
  readonly other?: { readonly path: string; readonly place: Place } | undefined;
}
