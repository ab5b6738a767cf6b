// Problem details for HTTP APIs (RFC 9457): what went wrong, for programs and for people.

import { STATUS_CODES } from "node:http";

export const PROBLEM_TYPE = "application/problem+json";

/** Problems of our own, in the title; others are plain HTTP. */
export const PROBLEMS = {
  "invalid-configuration": "The configuration is wrong",
  "refused-configuration": "The machine has not what the configuration asks for",
  "nothing-to-confirm": "No configuration waits to be confirmed",
  "another-configuration": "Another configuration waits to be confirmed",
  "not-ready": "The gateway does not run yet, or no more",
} as const;
export type ProblemKind = keyof typeof PROBLEMS;

export interface ProblemDetails {
  /** "about:blank": nothing more than the status says. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** A sentence or two. */
  readonly detail: string;
  /** More, by type. */
  readonly [key: string]: unknown;
}

export interface ProblemOptions {
  readonly kind?: ProblemKind;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** To be thrown where a request cannot be fulfilled. */
export class Problem extends Error {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, { kind, more, headers = {} }: ProblemOptions = {}) {
    super(detail);
    const type = kind ? `urn:isthmus:problem:${kind}` : "about:blank";
    const title = kind ? PROBLEMS[kind] : (STATUS_CODES[status] ?? "Error");
    this.details = { type, title, status, detail, ...more };
    this.headers = headers;
  }
}
