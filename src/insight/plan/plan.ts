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
  const before = gateway.parts.config;
  yield;
  return {
    ...flows,
    changes: changes(before, config),
    shadows: yield* newShadows(before, config),
    deadRules: yield* deadRules(config),
    notices: gateway.noticesOf(config),
  };
}
