// A network of a laboratory with the gateway running in it, as an operator would start it.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Capture } from "../../../src/lab/capture.ts";
import { badPackets } from "../../../src/lab/judge-capture.ts";
import { type Lab, openLab } from "../../../src/lab/lab.ts";
import type { Namespace } from "../../../src/lab/namespace.ts";
import { makeNetwork, type Network } from "../../../src/lab/network.ts";
import type { NetworkPlan } from "../../../src/lab/network-plan.ts";
import type { Program } from "../../../src/lab/programs.ts";
import { root } from "../../support/source-files.ts";

const APPLIED = /configuration applied/g;

export class LiveNetwork {
  readonly network: Network;
  readonly folder = mkdtempSync(path.join(tmpdir(), "isthmus-e2e-"));
  gateway: Program;
  readonly #lab: Lab;

  static async open(plan: NetworkPlan, config: string): Promise<LiveNetwork> {
    const lab = await openLab();
    try {
      const live = new LiveNetwork(lab, plan, config);
      await live.gateway.says(/the gateway runs/, 20_000);
      return live;
    } catch (error) {
      lab.close();
      throw error;
    }
  }

  private constructor(lab: Lab, plan: NetworkPlan, config: string) {
    this.#lab = lab;
    this.network = makeNetwork(lab, plan);
    this.write(config);
    this.gateway = this.start();
  }

  get file(): string {
    return path.join(this.folder, "gateway.yaml");
  }

  host(name: string): Namespace {
    return this.network.host(name);
  }

  start(): Program {
    const words = [process.execPath, `${root}bin/start.ts`, "run", "--log-format", "json"];
    const api = ["--api-socket", path.join(this.folder, "api.sock")];
    this.gateway = this.network.gateway.start([...words, ...api, this.file]);
    return this.gateway;
  }

  /** As editors do: whole or not at all. */
  write(config: string): void {
    writeFileSync(`${this.file}.new`, config);
    renameSync(`${this.file}.new`, this.file);
  }

  /** Gives the gateway a configuration and waits until it is applied. */
  async apply(config: string): Promise<void> {
    const before = this.#applied();
    this.write(config);
    for (let waited = 0; this.#applied() === before; waited += 20) {
      if (waited > 10_000 || !this.gateway.running) throw new Error(this.gateway.err);
      await sleep(20);
    }
  }

  /** Captures at an interface of the gateway; `judge` says what tshark finds wrong. */
  capture(iface: string): { judge(): { frames: number; bad: string[] } } {
    const capture = this.network.gateway.inside(() => new Capture(this.#lab.system, iface, false));
    const timer = setInterval(() => capture.take(), 50);
    return {
      judge: () => {
        clearInterval(timer);
        const frames = capture.stop().length;
        const file = path.join(this.folder, `${iface}.pcapng`);
        capture.save(file);
        return { frames, bad: badPackets(file) };
      },
    };
  }

  async close(): Promise<void> {
    await this.gateway.stop(5000);
    this.#lab.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #applied(): number {
    return this.gateway.err.match(APPLIED)?.length ?? 0;
  }
}

export function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
