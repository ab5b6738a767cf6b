// Whether it lives, and whether packets pass: for whoever starts it again, or sends it traffic.

import { z } from "zod";
import { notReady } from "../api/perform.ts";
import { route } from "../api/route.ts";

export const health = route({
  method: "get",
  path: "/v1/health",
  summary: "Whether the process answers.",
  reply: z.strictObject({ status: z.literal("ok") }),
  early: true,
  handle: () => ({ status: "ok" }) as const,
});

export const ready = route({
  method: "get",
  path: "/v1/ready",
  summary: "Whether packets pass: 503 while it starts and while it stops.",
  reply: z.strictObject({ status: z.literal("ready") }),
  problems: [503],
  handle: ({ gateway }) => {
    if (!gateway.isReady) throw notReady("The gateway starts, or stops.");
    return { status: "ready" } as const;
  },
});
