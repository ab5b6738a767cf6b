import type { ApiNeighbor } from "../api-types.ts";
import { NOTHING, type View } from "./view.ts";

export const neighborsView: View<ApiNeighbor> = {
  name: "neighbors",
  description: "the hosts and routers next to the gateway, and where they are",
  path: "/v1/neighbors",
  columns: [
    { title: "VPC", cut: true },
    { title: "ADDRESS", cut: true },
    { title: "MAC" },
    { title: "STATE" },
    { title: "INTERFACE", cut: true, drop: 2 },
    { title: "VTEP", drop: 1 },
  ],
  row: ({ vpc, interface: iface, address, mac, vtep, state }) => [
    vpc,
    address,
    mac ?? NOTHING,
    state,
    iface ?? NOTHING,
    vtep ?? NOTHING,
  ],
  none: "No neighbors are known.",
};
