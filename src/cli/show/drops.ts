import { DROP, type DropName } from "../../packet/verdict.ts";
import type { ApiDrop } from "../api-types.ts";
import { count } from "../human.ts";
import { NOTHING, type View } from "./view.ts";

/** Reasons that are told in words. */
const TOLD_MAX = 5;

export const dropsView: View<ApiDrop> = {
  name: "drops",
  description: "packets that were dropped: why, between whom, and where",
  path: "/v1/drops",
  columns: [
    { title: "REASON" },
    { title: "FROM", cut: true },
    { title: "TO", cut: true },
    { title: "INTERFACE", cut: true, drop: 1 },
    { title: "STEP", drop: 2 },
    { title: "PACKETS", right: true },
  ],
  row: ({ reason, from, to, interface: iface, step, count: packets }) => [
    reason,
    from ?? NOTHING,
    to ?? NOTHING,
    iface ?? NOTHING,
    step,
    count(packets),
  ],
  none: "Nothing was dropped.",
  compare: (a, b) => b.count - a.count,
  notes(items) {
    const reasons = new Set(items.map(({ reason }) => reason));
    return Array.from(reasons)
      .slice(0, TOLD_MAX)
      .flatMap((reason) => {
        if (!(reason in DROP)) return [];
        const { sentence, advice } = DROP[reason as DropName];
        return [`${reason}: ${sentence} ${advice}`];
      });
  },
};
