// The API about itself.

import { z } from "zod";
import { openApi } from "../api/openapi.ts";
import { type Route, route } from "../api/route.ts";

/** Of these routes and itself. */
export function openApiOf(others: readonly Route[]): Route {
  let page: object | undefined;
  const self: Route = route({
    method: "get",
    path: "/v1/openapi.json",
    summary: "This page (OpenAPI 3.1).",
    reply: z.looseObject({}),
    early: true,
    handle: () => {
      page ??= openApi([...others, self]);
      return { ...page };
    },
  });
  return self;
}
