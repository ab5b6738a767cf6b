import type { ApiPool } from "../api-types.ts";
import { count, duration } from "../human.ts";
import { NOTHING, type View } from "./view.ts";

/** Private addresses named in a row. */
const USERS = 3;

export const poolsView: View<ApiPool> = {
  name: "pools",
  description: "public addresses that many share, how many of their ports are taken, and by whom",
  path: "/v1/pools",
  columns: [
    { title: "ADDRESS", cut: true },
    { title: "PROTOCOL" },
    { title: "USED", right: true },
    { title: "RESTING", right: true, drop: 2 },
    { title: "FREE", right: true },
    { title: "FILL", right: true },
    { title: "REFUSED", right: true },
    { title: "GROWTH", right: true, drop: 3 },
    { title: "FULL IN", right: true, drop: 6 },
    { title: "TOP USERS", drop: 5, cut: true },
    { title: "VPCS", drop: 4, cut: true },
    { title: "WHERE", drop: 1 },
  ],
  row: ({ pool, protocol, size, free, topUsers, place, ...rest }) => [
    shortened(pool),
    protocol,
    count(rest.used),
    count(rest.resting),
    count(free),
    `${size === 0 ? 0 : Math.floor((100 * (size - free)) / size)}%`,
    count(rest.refused),
    growth(rest.growthPerSecond),
    rest.fullInSeconds === null ? NOTHING : duration(rest.fullInSeconds),
    users(topUsers),
    `${rest.vpc} > ${rest.peer}`,
    place === null ? NOTHING : `${place.file}:${place.line}`,
  ],
  none: "No public address is shared.",
};

/** Prefixes without the lengths that say "one address". */
function shortened(pool: string): string {
  return pool
    .split(",")
    .map((prefix) => prefix.replace(prefix.includes(":") ? /\/128$/ : /\/32$/, ""))
    .join(",");
}

/** Ports a minute, with a sign. */
function growth(perSecond: number | null): string {
  if (perSecond === null) return NOTHING;
  const perMinute = Math.round(60 * perSecond);
  const sign = perMinute > 0 ? "+" : perMinute < 0 ? "-" : "";
  return `${sign}${count(Math.abs(perMinute))}/min`;
}

function users(top: ApiPool["topUsers"]): string {
  if (top.length === 0) return NOTHING;
  const told = top.slice(0, USERS).map(({ address, ports }) => `${address} (${count(ports)})`);
  return `${told.join(" ")}${top.length > USERS ? " …" : ""}`;
}
