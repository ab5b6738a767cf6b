import type { ApiInterface } from "../api-types.ts";
import { count } from "../human.ts";
import { NOTHING, type View } from "./view.ts";

export const interfacesView: View<ApiInterface> = {
  name: "interfaces",
  description: "the interfaces that the gateway drives, and their counters",
  path: "/v1/interfaces",
  columns: [
    { title: "INTERFACE", cut: true },
    { title: "VPC", cut: true },
    { title: "DRIVER", drop: 1 },
    { title: "LINK" },
    { title: "RECEIVED", right: true },
    { title: "SENT", right: true },
    { title: "RX DROPS", right: true },
    { title: "TX DROPS", right: true },
    { title: "TOO LONG", right: true, drop: 2 },
    { title: "ERRORS", right: true, drop: 3 },
  ],
  row({ name, vpc, driver, state, counters }) {
    const { received, transmitted, receiveDrops, transmitDrops, receiveErrors } = counters;
    const long = counters.receiveTooLong + counters.transmitTooLong;
    const numbers = [received, transmitted, receiveDrops, transmitDrops, long, receiveErrors];
    return [name, vpc ?? NOTHING, driver, state, ...numbers.map(count)];
  },
  none: "The gateway drives no interface.",
};
