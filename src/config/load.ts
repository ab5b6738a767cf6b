// From text to a validated configuration, or to everything that is wrong with it: the document, its
// shape, the meaning of each part, and what the parts have to do with each other. Each pass goes on
// where the one before found nothing wrong, so one mistake gives one issue.

import { checkNames } from "./check-names.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkShape } from "./check-shape.ts";
import { type EmbeddedConfig, readDocument, readEmbedded, type Source } from "./document.ts";
import type { ExposeMode } from "./expose-mode.ts";
import type { ConfigIssue } from "./issue.ts";
import type { Config, ConfigShape, IcmpAnswers } from "./model.ts";
import { parseApi } from "./parse-api.ts";
import { parseFragments } from "./parse-fragments.ts";
import { parseIsthmus } from "./parse-isthmus.ts";
import { parseNatLog } from "./parse-nat-log.ts";
import { parsePeerings } from "./parse-peerings.ts";
import { parseTimers } from "./parse-timers.ts";
import { parseVpcs } from "./parse-vpcs.ts";
import { configShape, isMapping, type RawConfig } from "./shape.ts";

export interface LoadResult {
  /** Undefined when any issue is an error. */
  readonly config: Config | undefined;
  /** Errors and warnings, in the order of the document. */
  readonly issues: readonly ConfigIssue[];
}

const FLOW_TABLE_CAPACITY = 1_000_000;
/** Two entries each, of those that an index can number. */
const FLOWS_MAX = 2 ** 25;

/** Reads a configuration; `file` is its name in issues. Takes any text and never throws. */
export function loadConfig(text: string, file: string, modes: readonly ExposeMode[]): LoadResult {
  return loadSource(readDocument(text, file), file, modes);
}

/** The same for a configuration in the middle of another document. */
export function loadEmbeddedConfig(
  config: EmbeddedConfig,
  file: string,
  modes: readonly ExposeMode[],
): LoadResult {
  return loadSource(readEmbedded(config, file), file, modes);
}

function loadSource(
  { value, report }: Source,
  file: string,
  modes: readonly ExposeMode[],
): LoadResult {
  if (value === undefined) return { config: undefined, issues: report.issues };
  const seen = checkShape(configShape(modes), value, report);
  if (!seen || !isMapping(value)) return { config: undefined, issues: report.issues };
  const raw = value as RawConfig;
  const { root } = report;
  checkNames(raw, root);
  const sound = (key: keyof RawConfig) => isMapping(raw[key]);
  const known = sound("vpcs") || raw.vpcs == null;
  const names = known ? new Set(Object.keys(raw.vpcs ?? {})) : undefined;
  const joints = parseIsthmus(raw, names, root);
  const vpcs = parseVpcs(sound("vpcs") ? raw : { ...raw, vpcs: {} }, joints, root);
  const usable = sound("peerings") && known;
  const peerings = usable ? parsePeerings(raw, vpcs, modes, root) : [];
  checkRoutes(peerings, modes);
  const timers = parseTimers(raw, root);
  const fragments = parseFragments(raw, root);
  const api = parseApi(raw, root);
  const natLog = parseNatLog(raw, root);
  const capacity = raw.gateway?.flowTableCapacity;
  const at = root.at("gateway", "flowTableCapacity");
  if (capacity === 0) {
    at.say("gateway/bad-capacity", "A flow table of 0 holds nothing.", "Use 1 or more.");
  } else if (typeof capacity === "number" && capacity > FLOWS_MAX) {
    const most = `A flow table has room for ${FLOWS_MAX} flows at most.`;
    at.say("gateway/bad-capacity", most, `Use ${FLOWS_MAX} or less.`);
  }
  if (report.hasErrors) return { config: undefined, issues: report.issues };
  const shape: ConfigShape = {
    file,
    vpcs: [...vpcs.byName.values()].map(({ vpc }) => vpc),
    peerings: peerings.map(({ peering }) => peering),
    flowTableCapacity: capacity ?? FLOW_TABLE_CAPACITY,
    underlay: joints.underlay,
    attachments: joints.attachments,
    routes: joints.routes,
    interfaces: joints.interfaces,
    icmp: icmpAnswers(raw),
    timers,
    fragments,
    clampMss: raw.isthmus?.clampMss === true,
    api,
    natLog,
  };
  return { config: shape as Config, issues: report.issues };
}

function icmpAnswers({ isthmus }: RawConfig): IcmpAnswers {
  const { timeExceeded, tooBig, prohibited, perSecond } = isthmus?.icmp ?? {};
  return {
    timeExceeded: timeExceeded ?? true,
    tooBig: tooBig ?? true,
    prohibited: prohibited ?? false,
    perSecond: perSecond ?? 100,
  };
}
