// How much is remembered of datagrams that come in fragments: the `isthmus.fragments` key.

import { parseDuration } from "./duration.ts";
import type { FragmentLimits } from "./model.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawConfig } from "./shape.ts";

/** Fragments of a datagram are milliseconds apart. RFC 6146, 3.4, wants two seconds at least; hosts
 * wait for one or two minutes (RFC 1122, 3.3.2), and there is no sense in waiting longer. */
const SHORTEST = 2000;
const LONGEST = 120_000;
const DEFAULT = 5000;

/** Limits that are missing are those of the gateway itself. */
export function parseFragments({ isthmus }: RawConfig, report: Reporter): FragmentLimits {
  const given =
    isMapping(isthmus) && isMapping(isthmus?.fragments) ? isthmus?.fragments : undefined;
  const { timeout, datagrams = 4096, waiting = 1024 } = given ?? {};
  let timeoutMillis = DEFAULT;
  if (typeof timeout === "string") {
    const millis = parseDuration(timeout);
    if (millis !== undefined && millis >= SHORTEST && millis <= LONGEST) timeoutMillis = millis;
    else {
      const message = `"${timeout}" is no time to remember a datagram in fragments.`;
      const at = report.at("isthmus", "fragments", "timeout");
      at.say("isthmus/bad-fragments", message, 'Write a duration from "2s" to "2m".');
    }
  }
  return { timeoutMillis, datagrams, waiting };
}
