// The API of a gateway that stands in this process, without threads, sockets and signals.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { ManualClock } from "../../src/base/clock.ts";
import type { Config } from "../../src/config/model.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { watchedPools } from "../../src/insight/pools/watched.ts";
import { finish, type Work } from "../../src/insight/work.ts";
import { type AppOptions, buildApp } from "../../src/live/api/app.ts";
import type { ApiGateway } from "../../src/live/api/gateway.ts";
import { Tap } from "../../src/live/capture/tap.ts";
import { Configurations } from "../../src/live/configurations.ts";
import type { DataPath, DataPathCounts, LogLine } from "../../src/live/data-path.ts";
import { EventHub } from "../../src/live/events.ts";
import { Histogram } from "../../src/live/histogram.ts";
import { LoopCounts } from "../../src/live/loop-counts.ts";
import type { Answer } from "../../src/live/messages.ts";
import { ReloadCounts } from "../../src/live/metrics/reload-counts.ts";
import type { PlaceReport } from "../../src/live/nat-log/account.ts";
import { PoolWatch } from "../../src/live/pool-watch.ts";
import { QUESTIONS, type QuestionName } from "../../src/live/questions/questions.ts";
import { ROUTES } from "../../src/live/routes/routes.ts";
import { configOf, gatewayOf } from "../support/gateway.ts";

const masquerade = { masquerade: { portPreservation: true } };
export const CONFIG = JSON.stringify({
  vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
  peerings: {
    p: {
      peering: {
        blue: {
          expose: [
            { ips: [{ cidr: "10.0.0.0/24" }], as: [{ cidr: "192.0.2.1/32" }], nat: masquerade },
          ],
        },
        green: { expose: [{ ips: [{ cidr: "10.1.0.0/24", ports: "53" }] }] },
      },
    },
  },
});
/** The same with another VPC; and what no machine has. */
export const MORE = JSON.stringify({ vpcs: { ...JSON.parse(CONFIG).vpcs, red: { vni: 103 } } });
export const ELSEWHERE = JSON.stringify({ vpcs: { elsewhere: { vni: 1 } } });

export class Api {
  readonly gateway: Gateway = gatewayOf(CONFIG);
  readonly tap = new Tap(this.gateway);
  readonly folder = mkdtempSync(path.join(tmpdir(), "isthmus api "));
  readonly file = path.join(this.folder, "gateway.yaml");
  readonly lines: LogLine[] = [];
  readonly events = new EventHub();
  readonly configurations: Configurations;
  readonly pools: PoolWatch;
  readonly natLog: { read: () => PlaceReport[] } = { read: () => [] };
  readonly clock = new ManualClock();
  readonly app: FastifyInstance;
  reloads: ApiGateway["reloads"] = new ReloadCounts(1_700_000_000_000, 1).read();
  isReady = true;
  readonly uptimeSeconds = 7.5;
  isOver = false;
  /** Whether the machine has lost what every configuration takes. */
  isCrippled = false;

  constructor(options: Partial<AppOptions> = {}) {
    writeFileSync(this.file, CONFIG);
    const log = (line: LogLine) => this.lines.push(line);
    this.configurations = new Configurations(CONFIG, configOf(CONFIG), {
      file: this.file,
      log,
      events: this.events,
      order: async (config) => this.#apply(config),
      counts: { applied: () => {}, refused: () => {} },
      isOver: () => this.isOver,
    });
    this.pools = new PoolWatch({
      levels: async () => finish(watchedPools(this.gateway)),
      clock: this.clock,
      log,
      events: this.events,
    });
    const gateway = () => this as ApiGateway;
    this.app = buildApp({ routes: ROUTES, gateway, via: "socket", log, ...options });
  }

  ask: ApiGateway["ask"] = async (name: QuestionName, asked: unknown) => {
    const question = QUESTIONS[name] as (dataPath: DataPath, asked: unknown) => Work<never>;
    const interfaces = () => [];
    const counts = () => this.#counts();
    const { gateway, tap } = this;
    const dataPath = { gateway, tap, interfaces, counts } as Partial<DataPath>;
    return finish(question(dataPath as DataPath, asked));
  };

  counts: ApiGateway["counts"] = async () => {
    return { counts: this.#counts(), loop: new LoopCounts().read() };
  };

  /** The answer to a GET, or with a body (text: a configuration) to a POST. */
  async request(url: string, body?: string | object, headers: Record<string, string> = {}) {
    const type = typeof body === "string" ? "application/yaml" : "application/json";
    const {
      statusCode,
      headers: got,
      body: text,
    } = await this.app.inject({
      method: body === undefined ? "GET" : "POST",
      url,
      headers: { ...(body !== undefined && { "content-type": type }), ...headers },
      ...(body !== undefined && {
        payload: typeof body === "string" ? body : JSON.stringify(body),
      }),
    });
    return { status: statusCode, headers: got, reply: JSON.parse(text) };
  }

  async close(): Promise<void> {
    this.configurations.close();
    await this.app.close();
    rmSync(this.folder, { recursive: true });
  }

  #counts(): DataPathCounts {
    const batches = new Histogram(8).read();
    return { gateway: this.gateway.counts(), interfaces: new Map(), batches };
  }

  #apply(config: Config): Answer {
    if (this.isCrippled || config.vpcs.some(({ name }) => name === "elsewhere")) {
      return { kind: "refused", message: "there is no such interface", stack: "" };
    }
    const { kept, notices } = this.gateway.apply(config);
    return { kind: "applied", applied: { kept, ended: new Map(), notices, millis: 1 } };
  }
}
