// The NAT log: what went where, and what did not.

import type { PlaceReport } from "../nat-log/account.ts";
import { counter, type Family } from "./family.ts";

function labelsOf({ kind, place }: PlaceReport) {
  return { kind, place };
}

export const NAT_LOG_FAMILIES: readonly Family[] = [
  counter(
    "isthmus_nat_log_records_total",
    ["kind", "place"],
    "Records handed to a place of the NAT log, a path or a URL; kind is file, syslog or ipfix.",
    ({ natLog }) => natLog.map((each) => ({ labels: labelsOf(each), value: each.records })),
  ),
  counter(
    "isthmus_nat_log_lost_records_total",
    ["kind", "place", "reason"],
    "Records that it lacks. Reason not-taken: of those handed to it; overrun: lost before, as the program did not keep up.",
    ({ natLog }) =>
      natLog.flatMap((each) => [
        { labels: { ...labelsOf(each), reason: "not-taken" }, value: each.notTaken },
        { labels: { ...labelsOf(each), reason: "overrun" }, value: each.overrun },
      ]),
  ),
];
