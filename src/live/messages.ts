// What the two threads say to each other: plain data. Each order and each question has one answer.

import type { Config } from "../config/model.ts";
import type { DataPathCounts, LogLine } from "./data-path.ts";
import type { LoopReport } from "./loop-counts.ts";
import type { EventBlock } from "./nat-log/record.ts";

export type Command = Order | Ask | Hint;

/** Is carried out at once, between two turns; answered in the order sent. */
export type Order =
  /** A configuration that has been found right. It is plain data, and the worker gets a copy: to
   * read and check the text takes so long that packets would be lost meanwhile. */
  | { readonly kind: "apply"; readonly config: Config }
  | { readonly kind: "counts" }
  /** Drain, close, end. */
  | { readonly kind: "stop" };

/** A question of src/live/questions; what was asked is plain data. It is answered some turns later,
 * by `id`, and perhaps behind others that were asked later. */
export interface Ask {
  readonly kind: "ask";
  readonly id: number;
  readonly question: string;
  readonly asked: unknown;
}

/** Has no answer. */
export interface Hint {
  readonly kind: "watch-flows";
  /** Whether somebody wants to be told of every flow. */
  readonly wanted: boolean;
}

/** What a configuration did, in numbers: flows may be millions. */
export interface Applied {
  readonly kept: number;
  /** By reason. */
  readonly ended: ReadonlyMap<string, number>;
  /** Sentences. */
  readonly notices: readonly string[];
  readonly millis: number;
}

/** How the loop fares, since the status before. */
export interface Status {
  readonly turns: number;
  /** Turns that packets came in. */
  readonly busy: number;
  readonly sleeps: number;
  readonly longestTurnMillis: number;
}

export type Answer =
  /** To `apply`. */
  | { readonly kind: "applied"; readonly applied: Applied }
  | { readonly kind: "refused"; readonly message: string; readonly stack: string }
  /** To `counts`. */
  | { readonly kind: "counts"; readonly counts: DataPathCounts; readonly loop: LoopReport }
  /** To `stop`: the last message. */
  | { readonly kind: "closed"; readonly counts: DataPathCounts };

export type News =
  /** Whoever writes to the descriptor wakes the worker. */
  | { readonly kind: "ready"; readonly wakeFd: number; readonly millis: number }
  /** It could not be opened: the last message. */
  | { readonly kind: "failed"; readonly message: string; readonly stack: string }
  | { readonly kind: "log"; readonly line: LogLine }
  /** What is to be logged of flows; `pulse.take()` says that it has been taken. */
  | { readonly kind: "flow-events"; readonly block: EventBlock }
  /** Once a second. */
  | { readonly kind: "status"; readonly status: Status };

/** To `ask`. */
export type Answered =
  | { readonly kind: "answered"; readonly id: number; readonly reply: unknown }
  | {
      readonly kind: "unanswered";
      readonly id: number;
      readonly message: string;
      readonly stack: string;
    };

export type Message = Answer | Answered | News;

/** What the worker is started with. */
export interface WorkerStart {
  /** Of a module that exports `openDataPath`. */
  readonly dataPath: string;
  readonly config: Config;
  readonly pulse: SharedArrayBuffer;
}
