// Packets while they pass, as a pcapng file that grows until enough have come, time is over, or
// nobody reads it any more.

import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { systemClock } from "../../base/clock.ts";
import { cutShort } from "../api/cut-short.ts";
import type { ApiGateway } from "../api/gateway.ts";
import { wholeNumber, yesOrNo } from "../api/parameters.ts";
import { Problem } from "../api/problem.ts";
import { route } from "../api/route.ts";
import { CaptureFile } from "../capture/capture-file.ts";
import { PATIENCE_MILLIS } from "../capture/tap.ts";
import type { CaptureTicket } from "../questions/capture.ts";
import { address, port, protocol, vpc } from "./flows.ts";

const COUNT_MAX = 10_000_000;
const SECONDS = 60;
const SECONDS_MAX = 86_400;
/** How often it is asked for packets when there are none. */
const FETCH_MILLIS = 100;
/** For packets that have been captured and wait when time is over. */
const LATE_MILLIS = 2000;
/** In the file, and what the command line says. */
const CUT =
  "the gateway has ended this capture before its time, " +
  `as nobody read it for ${PATIENCE_MILLIS / 1000} s`;

const query = z.strictObject({
  vpc,
  address,
  port,
  protocol,
  dropped: yesOrNo("only packets that are dropped").optional(),
  count: wholeNumber(1, COUNT_MAX, "packets, and then it ends").optional(),
  seconds: wholeNumber(1, SECONDS_MAX, `and then it ends; ${SECONDS} if absent`).optional(),
});

export const capture = route({
  method: "get",
  path: "/v1/capture",
  summary: "Packets while they pass, before and after translation, with comments (pcapng).",
  query,
  reply: "application/x-pcapng",
  problems: [409],
  handle: async ({ gateway, query: { count = COUNT_MAX, seconds = SECONDS, ...filter } }) => {
    const ticket = await gateway.ask("openCapture", { filter, most: count });
    if (ticket === null) throw new Problem(409, "Somebody captures already: one can at a time.");
    const reader = { isGone: () => all.destroyed, cut: () => cutShort(all) };
    const packets = blocks(gateway, ticket, seconds * 1000, reader);
    const all = Readable.from(packets, { objectMode: false });
    // Whoever goes away before the first block is read has nobody told of it in there.
    return all.once("close", () => void gateway.ask("closeCapture", ticket).catch(() => {}));
  },
});

interface Reader {
  readonly isGone: () => boolean;
  /** Is told that this is not all. */
  readonly cut: () => void;
}

/** When nobody reads them any more the generator is told to return, which it hears when it yields:
 * while nothing is captured it asks. */
async function* blocks(
  gateway: ApiGateway,
  ticket: CaptureTicket,
  millis: number,
  reader: Reader,
): AsyncGenerator<Uint8Array> {
  let made: Uint8Array[] = [];
  const file = new CaptureFile((block) => made.push(block));
  let told = 0;
  let isLast = false;
  const until = systemClock.now() + millis;
  try {
    for (;;) {
      const { packets, more, missed, isOver, isCut } = await gateway.ask("fetchCapture", ticket);
      for (const packet of packets) file.add(packet);
      if (isCut) file.missed(Math.max(missed, told), CUT);
      else if (missed > told) file.missed(missed);
      told = missed;
      if (made.length > 0) yield Buffer.concat(made);
      made = [];
      if (isCut) reader.cut();
      const rest = until - systemClock.now();
      if (isOver || reader.isGone() || isLast) return;
      // It is asked once more, as it may have been cut while the last block was waiting.
      isLast = rest <= (more ? -LATE_MILLIS : 0);
      if (!more && !isLast) await sleep(Math.min(FETCH_MILLIS, rest));
    }
  } finally {
    await gateway.ask("closeCapture", ticket).catch(() => {});
  }
}
