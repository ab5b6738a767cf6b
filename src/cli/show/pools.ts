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
  row: (pool) => [
    shortened(pool.pool),
    pool.protocol,
    count(pool.used),
    count(pool.resting),
    count(pool.free),
    fill(pool),
    count(pool.refused),
    growth(pool),
    fullIn(pool),
    users(pool),
    `${pool.vpc} > ${pool.peer}`,
    pool.place === null ? NOTHING : `${pool.place.file}:${pool.place.line}`,
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

/** What is not free. */
export function fill({ size, free }: Pick<ApiPool, "size" | "free">): string {
  return `${size === 0 ? 0 : Math.floor((100 * (size - free)) / size)}%`;
}

/** Ports a minute, with a sign. */
export function growth({ growthPerSecond }: Pick<ApiPool, "growthPerSecond">): string {
  if (growthPerSecond === null) return NOTHING;
  const perMinute = Math.round(60 * growthPerSecond);
  const sign = perMinute > 0 ? "+" : perMinute < 0 ? "-" : "";
  return `${sign}${count(Math.abs(perMinute))}/min`;
}

export function fullIn({ fullInSeconds }: Pick<ApiPool, "fullInSeconds">): string {
  return fullInSeconds === null ? NOTHING : duration(fullInSeconds);
}

export function users({ topUsers: top }: Pick<ApiPool, "topUsers">): string {
  if (top.length === 0) return NOTHING;
  const told = top.slice(0, USERS).map(({ address, ports }) => `${address} (${count(ports)})`);
  return `${told.join(" ")}${top.length > USERS ? " …" : ""}`;
}
