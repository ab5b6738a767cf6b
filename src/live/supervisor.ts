// A gateway while it lives: starts the data path's thread and looks after it until somebody says
// stop.

import type { EventEmitter } from "node:events";
import { systemClock, wallClock } from "../base/clock.ts";
import type { Config } from "../config/model.ts";
import { loadSystem, type System } from "../drivers/linux/sys.ts";
import type { ApiGateway, Counted } from "./api/gateway.ts";
import { notReady } from "./api/perform.ts";
import { LimitedQuestions } from "./api/questions.ts";
import { ApiServer } from "./api/server.ts";
import { checkText, readText } from "./config-file.ts";
import { Configurations } from "./configurations.ts";
import type { Log, LogLine } from "./data-path.ts";
import { DataPathThread } from "./data-path-thread.ts";
import { DropNews } from "./drop-news.ts";
import { EventHub } from "./events.ts";
import { FileWatch } from "./file-watch.ts";
import { FlowNews } from "./flow-news.ts";
import type { Answer, News } from "./messages.ts";
import { ReloadCounts, type ReloadReport } from "./metrics/reload-counts.ts";
import type { NatLog } from "./nat-log/nat-log.ts";
import { openNatLog } from "./nat-log/open-nat-log.ts";
import { PoolWatch } from "./pool-watch.ts";
import { rounded, tellStatus, tellStopped } from "./tell.ts";
import { SILENCE_MILLIS, Watchdog } from "./watchdog.ts";

export const EXIT_STOPPED = 0;
/** It could not start, or the data path ended by a mistake of ours. */
export const EXIT_FAILED = 1;
/** The data path does nothing any more; EX_SOFTWARE of sysexits(3). */
export const EXIT_STUCK = 70;

/** What makes it stop, and the number of each; a second one ends it at once with 128 and that. */
const STOP_SIGNALS = { SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
/** Longest time from the signal to the end. */
const STOP_MILLIS = 5000;
const TERMINATE_MILLIS = 1000;
const STOPS = "The gateway stops.";
/** How often the NAT log and the events look whether something is due. */
const LOOK_MILLIS = 1000;
/** How often the pools are looked at. */
const POOLS_MILLIS = 10_000;

export interface SuperviseOptions {
  /** Of the configuration. */
  readonly file: string;
  /** Whether to look at the file when something happens to it. */
  readonly watch: boolean;
  readonly log: Log;
  /** Where signals come from, as events of their names: the process. */
  readonly signals: Pick<EventEmitter, "on" | "off">;
  /** Path of the socket of the API, whatever the configuration says; false: none. */
  readonly apiSocket?: string | false | undefined;
  /** URL of the module that opens the data path. */
  readonly dataPath: string;
  /** How long the data path may take no turn; SILENCE_MILLIS when absent. */
  readonly silenceMillis?: number | undefined;
}

/** Returns the exit code when all is over. The thread has ended then; where it cannot be made to,
 * the process is killed instead. */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const { file } = options;
  const events = new EventHub();
  const log = (line: LogLine) => {
    options.log(line);
    const { level, message, details } = line;
    if (level === "warn" || level === "error") events.tell("notice", { level, message, details });
  };
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    log({ level: "error", message: (error as Error).message });
    return EXIT_FAILED;
  }
  const { config } = checkText(text, file, log);
  if (config === undefined) {
    log({ level: "error", message: `${file} is not right, so nothing is started` });
    return EXIT_FAILED;
  }
  const system = await loadSystem();
  const api = new ApiServer(log);
  try {
    await api.open(config.api, options.apiSocket);
  } catch (error) {
    log({ level: "error", message: (error as Error).message });
    await api.close();
    return EXIT_FAILED;
  }
  const supervisor = new Supervisor({ ...options, log }, text, config, system, events);
  api.serve(supervisor);
  const code = await supervisor.finished;
  await api.close();
  return code;
}

class Supervisor implements ApiGateway {
  readonly finished: Promise<number>;
  readonly file: string;
  readonly events: EventHub;
  readonly configurations: Configurations;
  readonly ask: ApiGateway["ask"];
  readonly pools: PoolWatch;
  readonly natLog: NatLog;
  readonly #finish: (code: number) => void;
  readonly #options: SuperviseOptions;
  readonly #log: Log;
  readonly #thread: DataPathThread;
  readonly #watchdog: Watchdog;
  /** Of configurations; once the gateway runs. */
  #counts: ReloadCounts | undefined;
  readonly #listeners: (readonly [signal: string, listener: () => void])[];
  /** That the gateway starts with. */
  readonly #config: Config;
  readonly #lookTimer: NodeJS.Timeout;
  readonly #poolTimer: NodeJS.Timeout;
  readonly #flowNews: FlowNews;
  readonly #dropNews: DropNews;
  #watch: FileWatch | undefined;
  #runs = false;
  #stopping = false;
  #over = false;

  constructor(
    options: SuperviseOptions,
    text: string,
    config: Config,
    system: System,
    events: EventHub,
  ) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.finished = promise;
    this.#finish = resolve;
    this.#options = options;
    this.#log = options.log;
    this.#config = config;
    this.natLog = openNatLog(options.log);
    this.#lookTimer = setInterval(() => this.#look(), LOOK_MILLIS);
    this.#listeners = [
      ["SIGHUP", () => this.#hup()],
      ...Object.entries(STOP_SIGNALS).map(
        ([name, number]) => [name, () => void this.#stop(name, number)] as const,
      ),
    ];
    for (const [signal, listener] of this.#listeners) options.signals.on(signal, listener);
    const { dataPath, file, silenceMillis = SILENCE_MILLIS } = options;
    this.file = file;
    this.events = events;
    this.#thread = new DataPathThread({ dataPath, config }, system, {
      news: (news) => this.#hear(news),
      ended: (error) => this.#ended(error),
    });
    const questions = new LimitedQuestions((name, asked) => this.#thread.ask(name, asked));
    this.ask = async (name, asked) => {
      try {
        return await questions.ask(name, asked);
      } catch (error) {
        throw this.#stopping || this.#over ? notReady(STOPS) : error;
      }
    };
    this.pools = new PoolWatch({
      levels: () => this.#thread.ask("watchedPools", {}),
      clock: systemClock,
      log: options.log,
      events,
    });
    this.#flowNews = new FlowNews({
      events,
      clock: systemClock,
      nameOf: (vni) => this.#vpcs.find((each) => each.vni === vni)?.name,
    });
    events.watch("flows", (wanted) => this.#thread.hint({ kind: "watch-flows", wanted }));
    this.#dropNews = new DropNews({
      events,
      ask: (after, most) => this.#thread.ask("dropNews", { after, most }),
    });
    this.#poolTimer = setInterval(() => void this.pools.look(), POOLS_MILLIS);
    this.configurations = new Configurations(text, config, {
      file,
      log: options.log,
      events,
      order: (each) => this.#swapIn(each),
      counts: {
        applied: (applied) => this.#counts?.applied(applied, wallClock.now()),
        refused: () => this.#counts?.refused(),
      },
      isOver: () => this.#stopping || this.#over,
    });
    this.#watchdog = new Watchdog(this.#thread.pulse, silenceMillis, () => this.#stuck());
  }

  get uptimeSeconds(): number {
    return process.uptime();
  }

  get isReady(): boolean {
    return this.#runs && !this.#stopping && !this.#over;
  }

  get reloads(): ReloadReport | undefined {
    return this.#counts?.read();
  }

  async counts(): Promise<Counted> {
    if (this.#stopping || this.#over) throw notReady(STOPS);
    const answer = await this.#thread.order({ kind: "counts" });
    // Answers come in the order of what was ordered.
    return answer as Extract<Answer, { kind: "counts" }>;
  }

  get #vpcs(): Config["vpcs"] {
    return this.configurations.current.config.vpcs;
  }

  #look(): void {
    this.natLog.tick();
    this.#flowNews.tick();
    void this.#dropNews.tick();
  }

  #hear(news: News): void {
    switch (news.kind) {
      case "log":
        this.#log(news.line);
        break;
      case "flow-events":
        this.natLog.take(news.block);
        this.#flowNews.take(news.block);
        this.#thread.pulse.take();
        break;
      case "status":
        this.#log(tellStatus(news.status));
        break;
      case "ready":
        this.#ready(news.millis);
        break;
      case "failed":
        this.#log({ level: "error", message: news.message });
        this.#log({ level: "debug", message: "where that was", details: { stack: news.stack } });
        void this.#end(EXIT_FAILED);
        break;
      default:
        news satisfies never;
    }
  }

  #ready(millis: number): void {
    const { file, watch } = this.#options;
    this.#counts = new ReloadCounts(wallClock.now(), millis);
    const details = { file, pid: process.pid, millis: rounded(millis) };
    this.#log({ level: "info", message: "the gateway runs", details });
    this.#runs = true;
    this.natLog.follow(this.#config);
    if (!watch || this.#stopping) return;
    this.#watch = new FileWatch(file, () => this.configurations.reload("file"));
    // It may have changed while the ports were opened.
    this.configurations.reload("file");
  }

  async #swapIn(config: Config): Promise<Answer> {
    const answer = await this.#thread.order({ kind: "apply", config });
    if (answer.kind === "applied") this.natLog.follow(config);
    return answer;
  }

  #hup(): void {
    this.natLog.reopen();
    this.configurations.reload("SIGHUP");
  }

  async #stop(signal: string, number: number): Promise<void> {
    if (this.#stopping) {
      this.#log({ level: "warn", message: "stopped at once", details: { signal } });
      await this.#end(128 + number);
      return;
    }
    this.#stopping = true;
    this.#watch?.close();
    this.#log({ level: "info", message: "stopping", details: { signal } });
    const late = setTimeout(() => this.#stuck(), STOP_MILLIS - TERMINATE_MILLIS);
    const answer = await this.#thread.order({ kind: "stop" });
    clearTimeout(late);
    if (this.#over) return;
    if (answer.kind === "closed") this.#log(tellStopped(answer.counts));
    await this.#end(EXIT_STOPPED);
  }

  /** By itself. After `stop` it is what was asked for, and its last message has come before. */
  #ended(error: Error | undefined): void {
    if (this.#over || (this.#stopping && error === undefined)) return;
    const message = `the data path has ended: ${error?.message ?? "nobody knows why"}`;
    this.#log({ level: "error", message, details: { stack: error?.stack ?? "" } });
    void this.#end(EXIT_FAILED);
  }

  #stuck(): void {
    if (this.#over) return;
    const { phase, beat } = this.#thread.pulse;
    const message = `the data path does not go on; it was ${phase}`;
    this.#log({ level: "error", message, details: { phase, turns: beat >>> 0 } });
    void this.#end(EXIT_STUCK);
  }

  async #end(code: number): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.configurations.close();
    this.#watchdog.close();
    this.#watch?.close();
    for (const [signal, listener] of this.#listeners) this.#options.signals.off(signal, listener);
    clearInterval(this.#lookTimer);
    clearInterval(this.#poolTimer);
    const late = setTimeout(() => process.kill(process.pid, "SIGKILL"), TERMINATE_MILLIS);
    await this.#thread.terminate();
    await this.natLog.close();
    clearTimeout(late);
    this.#finish(code);
  }
}
