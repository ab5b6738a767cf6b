// All metrics there are. docs/metrics.md is written from this list.

import type { Family } from "./family.ts";
import { NAT_LOG_FAMILIES } from "./nat-log-families.ts";
import { PROCESS_FAMILIES } from "./process-families.ts";
import { REFERENCE_FAMILIES } from "./reference-families.ts";
import { STATE_FAMILIES } from "./state-families.ts";
import { TRAFFIC_FAMILIES } from "./traffic-families.ts";

export interface FamilyGroup {
  readonly title: string;
  readonly families: readonly Family[];
}

export const FAMILY_GROUPS: readonly FamilyGroup[] = [
  { title: "Packets", families: TRAFFIC_FAMILIES },
  { title: "Flows, pools, configuration", families: STATE_FAMILIES },
  { title: "NAT log", families: NAT_LOG_FAMILIES },
  { title: "The program", families: PROCESS_FAMILIES },
  { title: "Names of the Hedgehog gateway", families: REFERENCE_FAMILIES },
];
