import type { ApiPool } from "../api-types.ts";
import { count } from "../human.ts";
import type { View } from "./view.ts";

export const poolsView: View<ApiPool> = {
  name: "pools",
  description: "public addresses that many share, and how many of their ports are taken",
  path: "/v1/pools",
  columns: [
    { title: "ADDRESS", cut: true },
    { title: "PROTOCOL" },
    { title: "USED", right: true },
    { title: "RESTING", right: true },
    { title: "FREE", right: true },
    { title: "FILL", right: true },
    { title: "REFUSED", right: true },
  ],
  row({ address, protocol, used, free, resting, refused }) {
    const taken = used + resting;
    const fill = taken + free === 0 ? 0 : Math.floor((100 * taken) / (taken + free));
    return [address, protocol, ...[used, resting, free].map(count), `${fill}%`, count(refused)];
  },
  none: "No public address is shared yet.",
};
