// The running gateway, as the API sees it.

import type { Configurations } from "../configurations.ts";
import type { EventHub } from "../events.ts";
import type { Asked, QuestionName, Reply } from "../questions/questions.ts";

export interface ApiGateway {
  /** Path of the configuration file. */
  readonly file: string;
  /** Whether packets pass. */
  readonly isReady: boolean;
  readonly configurations: Pick<
    Configurations,
    "current" | "confirmBy" | "isInFile" | "apply" | "confirm"
  >;
  readonly events: EventHub;
  /** Rejects with an Error when the question cannot be answered. */
  ask<N extends QuestionName>(question: N, asked: Asked<N>): Promise<Reply<N>>;
}
