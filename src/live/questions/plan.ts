// What another configuration would do to the flows of today.

import type { Config } from "../../config/model.ts";
import { type FlowPlan, planFlows } from "../../insight/plan/fates.ts";
import type { Question } from "./question.ts";

export interface PlanReply extends FlowPlan {
  readonly notices: readonly string[];
}

export const plan: Question<Config, PlanReply> = function* ({ gateway }, config) {
  const flows = yield* planFlows(gateway, config);
  return { ...flows, notices: gateway.noticesOf(config) };
};
