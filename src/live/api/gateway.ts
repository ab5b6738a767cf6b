// The running gateway, as the API sees it.

import type { Configurations } from "../configurations.ts";
import type { EventHub } from "../events.ts";
import type { Answer } from "../messages.ts";
import type { ReloadReport } from "../metrics/reload-counts.ts";
import type { NatLog } from "../nat-log/nat-log.ts";
import type { PoolWatch } from "../pool-watch.ts";
import type { Asked, QuestionName, Reply } from "../questions/questions.ts";

export type Counted = Omit<Extract<Answer, { kind: "counts" }>, "kind">;

export interface ApiGateway {
  /** Path of the configuration file. */
  readonly file: string;
  /** Whether packets pass. */
  readonly isReady: boolean;
  /** Since the process was started. */
  readonly uptimeSeconds: number;
  readonly configurations: Pick<
    Configurations,
    "current" | "confirmBy" | "isInFile" | "apply" | "confirm"
  >;
  readonly events: EventHub;
  readonly pools: Pick<PoolWatch, "trend" | "addressTrend" | "lasting">;
  readonly natLog: Pick<NatLog, "read">;
  /** What became of the configurations; undefined until the gateway runs. */
  readonly reloads: ReloadReport | undefined;
  /** What the data path and its loop have counted; no answer when the gateway stops before. */
  counts(): Promise<Counted>;
  /** Rejects with an Error when the question cannot be answered. */
  ask<N extends QuestionName>(question: N, asked: Asked<N>): Promise<Reply<N>>;
}
