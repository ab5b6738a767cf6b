// Every route of the API. A new one is a file here and a line below.

import type { Route } from "../api/route.ts";
import { capture } from "./capture.ts";
import { apply, config, confirm, validate } from "./config.ts";
import { drops, samples, samplesFile } from "./drops.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { flows, killFlows } from "./flows.ts";
import { health, ready } from "./health.ts";
import { interfaces } from "./interfaces.ts";
import { metrics } from "./metrics.ts";
import { neighbors } from "./neighbors.ts";
import { openApiOf } from "./openapi.ts";
import { peerings } from "./peerings.ts";
import { plan } from "./plan.ts";
import { pools } from "./pools.ts";
import { stats } from "./stats.ts";
import { vpcs } from "./vpcs.ts";

const ALL = [
  health,
  ready,
  config,
  validate,
  apply,
  confirm,
  plan,
  vpcs,
  peerings,
  flows,
  killFlows,
  neighbors,
  interfaces,
  pools,
  drops,
  samples,
  samplesFile,
  explain,
  stats,
  metrics,
  capture,
  events,
];

export const ROUTES: readonly Route[] = [...ALL, openApiOf(ALL)];
