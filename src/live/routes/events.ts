// What happens, as it happens: server-sent events (WHATWG HTML, 9.2).

import { Readable } from "node:stream";
import { Problem } from "../api/problem.ts";
import { route } from "../api/route.ts";
import type { EventHub, LiveEvent } from "../events.ts";

const LISTENERS_MAX = 16;
/** So that whoever is between knows that the connection lives. */
const SILENCE_MILLIS = 15_000;
/** A listener that lags behind so much has its stream ended: it may come again. */
const BACKLOG_BYTES_MAX = 256 << 10;

export const events = route({
  method: "get",
  path: "/v1/events",
  summary: "A stream of what happens from now on; docs/api.md has the kinds.",
  reply: "text/event-stream",
  handle: ({ gateway: { events } }) => {
    if (events.listeners < LISTENERS_MAX) return eventStream(events);
    throw new Problem(503, `There are ${LISTENERS_MAX} listeners already.`);
  },
});

/** Begins with a comment, so that whoever asked knows that it listens. */
export function eventStream(events: EventHub): Readable {
  const stream = new Readable({
    highWaterMark: BACKLOG_BYTES_MAX,
    read: () => {},
    destroy: (error, done) => {
      end();
      clearInterval(timer);
      done(error);
    },
  });
  const say = (text: string) => {
    if (!stream.push(text)) stream.destroy();
  };
  const end = events.listen((event) => say(format(event)));
  const timer = setInterval(() => say(":\n\n"), SILENCE_MILLIS);
  timer.unref();
  say(":\n\n");
  return stream;
}

function format({ kind, time, data }: LiveEvent): string {
  return `event: ${kind}\ndata: ${JSON.stringify({ time, ...data })}\n\n`;
}
