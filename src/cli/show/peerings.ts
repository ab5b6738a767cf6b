import type { ApiPeering } from "../api-types.ts";
import { NOTHING, type View } from "./view.ts";

export const peeringsView: View<ApiPeering> = {
  name: "peerings",
  description: "which VPCs are joined, and how they expose themselves",
  path: "/v1/peerings",
  columns: [
    { title: "PEERING", cut: true },
    { title: "ONE SIDE", cut: true },
    { title: "OTHER SIDE", cut: true },
    { title: "ACL RULES", right: true },
    { title: "WHERE", drop: 1 },
  ],
  row: ({ name, sides, aclRules, place }) => [
    name,
    ...sides.map(sideText),
    aclRules === null ? NOTHING : `${aclRules}`,
    `${place.file}:${place.line}`,
  ],
  none: "No VPCs are joined.",
};

/** "blue: 2 static, masquerade" */
function sideText({ vpc, exposes }: ApiPeering["sides"][number]): string {
  const kinds = new Map<string, number>();
  for (const { kind: how, mode } of exposes) {
    const kind = mode ?? how;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const said = Array.from(kinds, ([kind, times]) => (times > 1 ? `${times} ${kind}` : kind));
  return `${vpc}: ${said.join(", ")}`;
}
