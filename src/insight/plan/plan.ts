// What another configuration would do to a running gateway. Nothing is changed to find that out.

import type { Config } from "../../config/model.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Work } from "../work.ts";
import { changes } from "./changes.ts";
import { deadRules } from "./dead-rules.ts";
import { planFlows } from "./fates.ts";
import type { PlanReport } from "./report.ts";
import { newShadows } from "./shadows.ts";

/** Of the flows as they are while it works: those of a moment, when nothing runs meanwhile. */
export function* plan(gateway: Gateway, config: Config): Work<PlanReport> {
  const flows = yield* planFlows(gateway, config);
  const differences = yield* compareConfigs(gateway.parts.config, config);
  return { ...flows, ...differences, notices: gateway.noticesOf(config) };
}

/** The part that asks no flows, so that it can be done where no packets wait: with many peerings it
 * has pieces that take long. */
export function* compareConfigs(
  before: Config | undefined,
  after: Config,
): Work<Pick<PlanReport, "changes" | "shadows" | "deadRules">> {
  return {
    changes: yield* changes(before, after),
    shadows: yield* newShadows(before, after),
    deadRules: yield* deadRules(after),
  };
}
