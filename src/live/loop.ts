// Turns of the data path, as often as packets come and no oftener. While they come, one turn
// follows the other; when none has come for a moment (patience.ts), the thread sleeps in poll(2)
// until a driver has something, a command comes, or something is due. Nothing is made for a turn.

import type { Clock } from "../base/clock.ts";
import type { Waiter } from "../drivers/linux/waiter.ts";
import type { Answering } from "./answering.ts";
import type { DataPath } from "./data-path.ts";
import type { LoopCounts } from "./loop-counts.ts";
import type { Status } from "./messages.ts";
import { Patience } from "./patience.ts";
import { CLOSING, COMMANDED, type Pulse, SLEEPING } from "./pulse.ts";

const STATUS_MILLIS = 1000;
/** Longest time for what is still on its way when the gateway is to stop. */
const DRAIN_MILLIS = 1000;

export interface LoopParts {
  readonly dataPath: DataPath;
  readonly waiter: Pick<Waiter, "wait" | "watch">;
  readonly clock: Clock;
  readonly pulse: Pulse;
  /** Carries out the commands that wait; false to end. */
  readonly obey: () => boolean;
  /** Questions that are open: after each turn a little is done for them, and nobody sleeps. */
  readonly answering: Pick<Answering, "isBusy" | "advance">;
  readonly report: (status: Status) => void;
  readonly counts: LoopCounts;
  /** Behind each turn; `now` as the turn had it. */
  readonly after?: (now: number) => void;
}

const nothing = () => {};

/** Returns when `obey` says so. What `turn` throws goes through: it is a mistake of ours. */
export function runLoop(parts: LoopParts): void {
  const { dataPath, waiter, clock, pulse, obey, answering, report, counts } = parts;
  const { after: behind = nothing } = parts;
  let watched = dataPath.fds;
  let seen = 0;
  let turns = 0;
  let busy = 0;
  let sleeps = 0;
  let longest = 0;
  let statusAt = clock.now() + STATUS_MILLIS;
  let slept = true;
  const patience = new Patience();
  for (;;) {
    const now = clock.now();
    pulse.begin();
    // Whole numbers are handed over as they are; others would be put into objects first.
    const came = dataPath.turn(Math.floor(now), slept);
    behind(Math.floor(now));
    turns++;
    const sent = pulse.sent;
    if (sent !== seen) {
      seen = sent;
      pulse.enter(COMMANDED);
      if (!obey()) return;
    }
    if (came) busy++;
    patience.turn(came, now);
    slept = false;
    const after = clock.now();
    if (after - now > longest) longest = after - now;
    if (came) counts.busyTurn(Math.floor((after - now) * 1000));
    if (after >= statusAt) {
      report({ turns, busy, sleeps, longestTurnMillis: longest });
      counts.second(turns, busy, sleeps, longest);
      turns = busy = sleeps = longest = 0;
      statusAt = after + STATUS_MILLIS;
    }
    if (answering.isBusy) {
      answering.advance(came);
      continue;
    }
    if (!patience.isOver(after)) continue;
    const due = dataPath.due(Math.floor(after));
    if (due <= 0) continue;
    patience.sleep();
    if (dataPath.fds !== watched) {
      watched = dataPath.fds;
      waiter.watch(watched);
    }
    sleeps++;
    slept = true;
    pulse.enter(SLEEPING);
    // poll(2) knows whole milliseconds; the waiter has a limit of its own.
    waiter.wait(due < STATUS_MILLIS ? Math.ceil(due) : STATUS_MILLIS);
  }
}

/** Turns until nothing comes any more, then gives everything back. */
export function drain(dataPath: DataPath, clock: Clock, pulse: Pulse): void {
  const until = clock.now() + DRAIN_MILLIS;
  for (let now = clock.now(); now < until; now = clock.now()) {
    pulse.begin();
    if (!dataPath.turn(Math.floor(now), false)) break;
  }
  pulse.enter(CLOSING);
  dataPath.close();
}
