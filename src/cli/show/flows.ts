import type { ApiFlow } from "../api-types.ts";
import { bytes, count, duration } from "../human.ts";
import type { View } from "./view.ts";

/** "tcp 10.0.0.4:3000 > 10.1.0.8:80" is of tcp, and the rest says between whom. */
export function splitNotation(notation: string): readonly [string, string] {
  const at = notation.indexOf(" ");
  return [notation.slice(0, at), notation.slice(at + 1)];
}

export const flowsView: View<ApiFlow> = {
  name: "flows",
  description: "the flows that the gateway knows",
  path: "/v1/flows",
  columns: [
    { title: "VPCS", cut: true },
    { title: "PROTO" },
    { title: "FLOW", cut: true },
    { title: "BECOMES", drop: 5, cut: true },
    { title: "STATE" },
    { title: "PACKETS", right: true, drop: 2 },
    { title: "BYTES", right: true, drop: 4 },
    { title: "AGE", right: true, drop: 2 },
    { title: "EXPIRES", right: true, drop: 3 },
    { title: "PEERING", drop: 1 },
  ],
  row({
    from,
    to,
    original,
    translated,
    state,
    packets,
    bytes: sent,
    ageMillis,
    endsInMillis,
    peering,
  }) {
    const [protocol, between] = splitNotation(original);
    const [, becomes] = splitNotation(translated);
    const both = [count(packets[0] + packets[1]), bytes(sent[0] + sent[1])];
    const times = [duration(ageMillis / 1000), duration(endsInMillis / 1000)];
    return [`${from} > ${to}`, protocol, between, becomes, state, ...both, ...times, peering];
  },
  none: "No flows.",
};
