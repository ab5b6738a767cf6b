// Which flows there are, and the end of some.

import type { FlowFilter } from "../../insight/flow-filter.ts";
import type { FlowPage, FlowPageOptions } from "../../insight/flows.ts";
import * as insight from "../../insight/flows.ts";
import type { Question } from "./question.ts";

export interface FlowsAsked {
  readonly filter: FlowFilter;
  readonly page: FlowPageOptions;
}

export const flows: Question<FlowsAsked, FlowPage> = ({ gateway }, { filter, page }) =>
  insight.listFlows(gateway, filter, page);

/** How many were ended. */
export const killFlows: Question<FlowFilter, number> = ({ gateway }, filter) =>
  insight.killFlows(gateway, filter);
