// What happens, as it happens: server-sent events (WHATWG HTML, 9.2).

import { Readable } from "node:stream";
import { z } from "zod";
import { Problem } from "../api/problem.ts";
import { route } from "../api/route.ts";
import { type EventHub, type EventKind, type LiveEvent, TOPICS, type Topic } from "../events.ts";

const LISTENERS_MAX = 16;
/** So that whoever is between knows that the connection lives. */
const SILENCE_MILLIS = 15_000;
/** A listener that lags behind so much has its stream ended: it may come again. */
const BACKLOG_BYTES_MAX = 256 << 10;
/** From here on events that may be very many are left out and counted. */
const CROWDED_BYTES = BACKLOG_BYTES_MAX / 2;

const USUAL: readonly Topic[] = TOPICS.filter((topic) => topic !== "flows");
const LOST = { flows: "flows-lost", drops: "drops-lost" } as const satisfies Partial<
  Record<Topic, EventKind>
>;
type Crowd = keyof typeof LOST;

const kinds = z
  .string()
  .max(100)
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(TOPICS)).min(1))
  .meta({
    description: `which, separated by commas: ${TOPICS.join(", ")}; all but flows if absent`,
    type: "string",
  })
  .optional();

export const events = route({
  method: "get",
  path: "/v1/events",
  summary: "A stream of what happens from now on; docs/api.md has the kinds.",
  query: z.strictObject({ kinds }),
  reply: "text/event-stream",
  handle: ({ gateway: { events }, query }) => {
    if (events.listeners < LISTENERS_MAX) return eventStream(events, query.kinds);
    throw new Problem(503, `There are ${LISTENERS_MAX} listeners already.`);
  },
});

/** Begins with a comment, so that whoever asked knows that it listens. */
export function eventStream(events: EventHub, topics = USUAL): Readable {
  const lost: Record<Crowd, number> = { flows: 0, drops: 0 };
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
  const isCrowded = () => stream.readableLength > CROWDED_BYTES;
  const tellLost = (topic: Crowd) => {
    if (lost[topic] === 0 || isCrowded()) return;
    say(format(LOST[topic], new Date().toISOString(), { lost: lost[topic] }));
    lost[topic] = 0;
  };
  const hear = ({ kind, topic, time, data }: LiveEvent) => {
    if (isCrowd(topic)) {
      if (isCrowded()) {
        lost[topic]++;
        return;
      }
      tellLost(topic);
    }
    say(format(kind, time, data));
  };
  const end = events.listen(hear, topics);
  const timer = setInterval(() => {
    say(":\n\n");
    tellLost("flows");
    tellLost("drops");
  }, SILENCE_MILLIS);
  timer.unref();
  say(":\n\n");
  return stream;
}

function isCrowd(topic: Topic): topic is Crowd {
  return Object.hasOwn(LOST, topic);
}

function format(kind: EventKind, time: string, data: LiveEvent["data"]): string {
  return `event: ${kind}\ndata: ${JSON.stringify({ time, ...data })}\n\n`;
}
