// One thing that can be asked of the API: what it takes, what it answers, who does it. The page for
// programs (OpenAPI) is made of the same.

import type { Readable } from "node:stream";
import type { z } from "zod";
import type { ApiGateway } from "./gateway.ts";

/** A body that is a configuration, as it stands in a file. */
export const CONFIGURATION = "configuration";

/** What a route gets, checked. */
export interface RouteRequest<Q, B> {
  readonly gateway: ApiGateway;
  readonly query: Q;
  /** The text of a configuration, or what the schema makes of the JSON. */
  readonly body: B;
}

export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  /** One sentence, for the page. */
  readonly summary: string;
  /** None: a query is refused. All values come as text. */
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | typeof CONFIGURATION | undefined;
  /** Of a JSON answer; or the media type of another one. */
  readonly reply: z.ZodType | string;
  /** Statuses of problems beyond those that every route may have. */
  readonly problems?: readonly number[] | undefined;
  /** Whether it answers while there is no gateway yet. */
  readonly early?: boolean | undefined;
  /** Plain data for JSON; otherwise text, bytes or a stream. Throws a Problem. */
  readonly handle: (request: RouteRequest<never, never>) => unknown;
}

interface RouteOptions<Q extends z.ZodObject, B, R> extends Omit<Route, "handle" | "reply"> {
  readonly query?: Q;
  readonly body?: B & Route["body"];
  readonly reply: R & Route["reply"];
  readonly handle: (
    request: RouteRequest<
      z.output<Q>,
      B extends z.ZodType ? z.output<B> : B extends string ? string : undefined
    >,
  ) => Answer<R> | Promise<Answer<R>>;
}

type Answer<R> = R extends z.ZodType ? Constant<z.input<R>> : string | Uint8Array | Readable;

/** Nobody changes an answer. */
type Constant<T> = T extends readonly (infer Item)[]
  ? readonly Constant<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Constant<T[Key]> }
    : T;

/** Ties what a route takes to what its function gets. */
export function route<
  Q extends z.ZodObject,
  R extends z.ZodType | string,
  B extends z.ZodType | typeof CONFIGURATION | undefined = undefined,
>(options: RouteOptions<Q, B, R>): Route {
  return options as unknown as Route;
}
