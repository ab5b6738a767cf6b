// Runs a story on a gateway of its own, with a clock that moves only when the story says so.

import { ManualClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import type { Place } from "../config/issue.ts";
import { type LoadResult, loadConfig, loadEmbeddedConfig } from "../config/load.ts";
import type { Config } from "../config/model.ts";
import {
  type Answer,
  type ApplyReport,
  type FlowView,
  Gateway,
  type TraceLine,
} from "../gateway/gateway.ts";
import type { Outcome } from "../gateway/outcome.ts";
import { natModes } from "../nat/modes.ts";
import {
  type Bound,
  buildPacket,
  describePacket,
  matchPacket,
  NotationError,
  parsePacket,
  readPacket,
} from "../wire/notation.ts";
import { buildGivenPacket } from "../wire/packet-text.ts";
import { verifyChecksums } from "../wire/verify-checksums.ts";
import { checkChecksums, checkDropped, countFlows, Failure, say, sayAll } from "./judge.ts";
import {
  type ConfigSource,
  type Step,
  type Story,
  StoryError,
  type StoryFlow,
  type StoryInput,
  type StoryPacket,
} from "./story.ts";

export interface StoryResult {
  readonly file: string;
  readonly story: string;
  readonly ok: boolean;
  /** The step that failed, from 1. */
  readonly step?: number | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** One line for each step of the pipeline, of the packets of the failed step. */
  readonly trace?: readonly string[] | undefined;
}

/** Gives the text of a file named in a story, relative to the story's own file. */
export type ReadFile = (path: string) => { readonly text: string; readonly file: string };

/** Throws StoryError when a configuration cannot be used. */
/** As the gateway runs, on the fast path where it may. What fails is run again step by step, which
 * tells the steps and changes nothing else. */
export function runStory(story: Story, readFile: ReadFile): StoryResult {
  const result = new StoryRun(story, readFile, false).run();
  if (result.ok) return result;
  const { trace } = runStoryByStep(story, readFile);
  return { ...result, trace: trace ?? ["Step by step it holds."] };
}

/** The same without the fast path. */
export function runStoryByStep(story: Story, readFile: ReadFile): StoryResult {
  return new StoryRun(story, readFile, true).run();
}

/** Room for the longest IP packet. */
const SLOT_BYTES = 65_536 + 256;
/** A story with more flows asks for them in its configuration in vain. */
const FLOWS_MAX = 4096;

class StoryRun {
  readonly #story: Story;
  readonly #readFile: ReadFile;
  readonly #clock = new ManualClock();
  readonly #gateway: Gateway;
  readonly #interfaces = new Map<string, number>();
  readonly #bindings = new Map<string, Bound>();
  readonly #vnis = new Map<string, number>();
  readonly #traced: boolean;
  /** Every packet sent so far, by its number. */
  readonly #inputs: Uint8Array[] = [];
  #trace: TraceLine[] = [];

  constructor(story: Story, readFile: ReadFile, traced: boolean) {
    this.#traced = traced;
    this.#story = story;
    this.#readFile = readFile;
    const { ports, timers, seed } = story;
    const config = this.#load(story.config);
    const flowCapacity = Math.min(config.flowTableCapacity, FLOWS_MAX);
    const { datagrams, waiting: waitingPackets } = config.fragments;
    const sizes = { slots: 512, slotBytes: SLOT_BYTES, flowCapacity };
    const options = { ...sizes, datagrams, waitingPackets, ports, timers };
    this.#gateway = new Gateway(options, { random: seededRandom(seed) });
  }

  run(): StoryResult {
    const { file, name: story, steps } = this.#story;
    this.#apply(this.#story.config);
    for (const [index, step] of steps.entries()) {
      try {
        this.#trace = [];
        this.#step(step);
      } catch (error) {
        if (error instanceof NotationError) throw new StoryError(error.message, step.place);
        if (!(error instanceof Failure)) throw error;
        const { expected, got } = error;
        const { line, column } = step.place;
        const trace = this.#sayTrace();
        return { file, story, ok: false, step: index + 1, line, column, expected, got, trace };
      }
    }
    return { file, story, ok: true };
  }

  /** Packet by packet. */
  #sayTrace(): readonly string[] {
    return this.#trace
      .toSorted((a, b) => a.index - b.index)
      .map(({ index, step, text }) => `packet ${index + 1}  ${step.padEnd(11)} ${text}`.trimEnd());
  }

  #apply(source: ConfigSource): ApplyReport {
    const config = this.#load(source);
    const report = this.#gateway.apply(config);
    for (const { name, vni } of config.vpcs) {
      this.#vnis.set(name, vni);
      if (this.#interfaces.has(name)) continue;
      const options = { name, link: "raw-ip", vpc: name, vxlan: false } as const;
      this.#interfaces.set(name, this.#gateway.addInterface(options));
    }
    return report;
  }

  #reload({ refused, kept, ended }: Step, source: ConfigSource): void {
    if (refused !== undefined) {
      const { config, issues } = this.#read(source);
      const codes = issues.map(({ code }) => code).join(", ") || "no issue";
      if (config) throw new Failure(`${refused}`, `a configuration that holds, with ${codes}`);
      if (!issues.some(({ code }) => code === refused)) throw new Failure(refused, codes);
      return;
    }
    const report = this.#apply(source);
    if (kept !== undefined && kept !== report.kept) {
      throw new Failure(`${countFlows(kept)} kept`, `${report.kept}`);
    }
    const got = report.ended.map(({ reason }) => reason).sort();
    const same = got.join() === [...(ended ?? got)].sort().join();
    if (!same) throw new Failure(`ended: ${ended?.join(", ") || "none"}`, got.join(", ") || "none");
  }

  #read(source: ConfigSource): LoadResult {
    if ("embedded" in source) {
      return loadEmbeddedConfig(source.embedded, this.#story.file, natModes);
    }
    const { text, file } = this.#open(source.path, source.place);
    return loadConfig(text, file, natModes);
  }

  #open(path: string, place: Place): ReturnType<ReadFile> {
    try {
      return this.#readFile(path);
    } catch (error) {
      throw error instanceof Error ? new StoryError(error.message, place) : error;
    }
  }

  #load(source: ConfigSource): Config {
    const { config, issues } = this.#read(source);
    if (config) return config;
    const errors = issues.filter(({ severity }) => severity === "error");
    const message = `the configuration is refused: ${errors[0]?.message}`;
    throw new StoryError(message, source.place, errors);
  }

  #step(step: Step): void {
    this.#clock.advance(step.afterMillis);
    this.#gateway.advance(this.#clock.now());
    if (step.reload) this.#reload(step, step.reload);
    const claims = step.expect ?? step.drop;
    if (step.packets.length > 0 || claims !== undefined) this.#send(step);
    if (step.flows !== undefined) this.#checkFlows(step.flows);
  }

  /** Each expected flow is there, and no other. */
  #checkFlows(expected: number | readonly StoryFlow[]): void {
    const flows = this.#gateway.flows();
    const count = typeof expected === "number" ? expected : expected.length;
    const got = flows.map((flow) => this.#sayFlow(flow)).join("; ") || "none";
    if (flows.length !== count) throw new Failure(countFlows(count), `${flows.length}: ${got}`);
    if (typeof expected === "number") return;
    const left = [...flows];
    for (const each of expected) {
      const index = left.findIndex((flow) => this.#isFlow(each, flow));
      if (index < 0) throw new Failure(each.text, got);
      left.splice(index, 1);
    }
  }

  #isFlow({ original, translated }: StoryFlow, flow: FlowView): boolean {
    const vnis = [this.#vnis.get(original.vpc), this.#vnis.get(translated.vpc)];
    if (vnis[0] !== flow.from || vnis[1] !== flow.to) return false;
    const matches = (expected: StoryPacket, text: string) =>
      matchPacket(expected.packet, buildPacket(parsePacket(text)), this.#bindings) === undefined;
    return matches(original, flow.original) && matches(translated, flow.translated);
  }

  #sayFlow({ from, to, original, translated }: FlowView): string {
    const name = (vni: number) => [...this.#vnis].find(([, each]) => each === vni)?.[0] ?? vni;
    return `${name(from)} ${original} => ${name(to)} ${translated.replace(/^\S+ /, "")}`;
  }

  #send(step: Step): void {
    const gateway = this.#gateway;
    const said = [...step.packets, ...(step.expect ?? []), ...(step.answer ?? [])];
    for (const { vpc, place } of said) {
      if (!this.#vnis.has(vpc)) throw new StoryError(`there is no VPC "${vpc}"`, place);
    }
    for (const packet of step.packets) {
      const bytes = this.#build(packet);
      if (!gateway.receive(this.#interfaces.get(packet.vpc)!, bytes)) {
        const message = `a batch holds at most ${step.packets.indexOf(packet)} packets`;
        throw new StoryError(message, step.place);
      }
      this.#inputs.push(bytes);
    }
    const count = gateway.run(this.#clock.now(), this.#traced ? this.#trace : undefined);
    const outcomes = Array.from({ length: count }, (_, index) => gateway.outcome(index));
    this.#checkSent(step, outcomes);
    if (step.drop !== undefined) checkDropped(step.drop, outcomes);
    this.#checkAnswers(step, gateway.answers());
    gateway.clear();
  }

  #build({ packet, place }: StoryInput): Uint8Array {
    try {
      return buildGivenPacket(packet, this.#bindings);
    } catch (error) {
      if (error instanceof NotationError) throw new StoryError(error.message, place);
      throw error;
    }
  }

  #checkSent(step: Step, outcomes: readonly Outcome[]): void {
    const sent = outcomes
      .filter(({ verdict }) => verdict === "sent")
      .map((outcome) => ({ outcome, input: this.#inputs[outcome.number]! }));
    for (const { outcome, input } of sent) checkChecksums(outcome, input);
    const out = sent.flatMap(({ outcome, input }) =>
      [outcome, ...outcome.pieces].map(({ packet }) => ({ outcome, input, packet })),
    );
    const { expect } = step;
    if (expect === undefined) return;
    for (const [index, expected] of expect.entries()) {
      const got = out[index];
      if (got === undefined) throw new Failure(expected.text, sayAll(outcomes));
      this.#match(expected, got.outcome, got.packet, got.input);
    }
    const extra = out[expect.length];
    if (extra)
      throw new Failure(expect.length === 0 ? "nothing" : "nothing more", say(extra.outcome));
  }

  #checkAnswers({ answer: expected }: Step, answers: readonly Answer[]): void {
    const got = answers.map(({ to, packet }) => `${to} ${describePacket(packet, "full")}`);
    for (const [index, { packet }] of answers.entries()) {
      const [fault] = verifyChecksums(packet).filter(({ quoted }) => !quoted);
      if (fault) throw new Failure("an answer with right checksums", got[index]!);
    }
    for (const [index, { vpc, packet, text }] of (expected ?? []).entries()) {
      const answer = answers[index];
      if (answer?.to !== vpc) throw new Failure(text, got[index] ?? "no answer");
      const difference = matchPacket(packet, answer.packet, this.#bindings);
      if (difference) throw new Failure(text, `${got[index]} (${difference})`);
    }
    const extra = got[expected?.length ?? got.length];
    if (extra !== undefined) throw new Failure("no more answers", extra);
  }

  /** `packet` is what came out, or one piece of it. */
  #match(expected: StoryPacket, outcome: Outcome, packet: Uint8Array, input: Uint8Array): void {
    if (expected.vpc !== outcome.to) throw new Failure(expected.text, say(outcome));
    // That of a piece cannot be told; checkChecksums has judged the whole.
    const whole = outcome.pieces.length === 0;
    const options = { checksumWasBad: whole && readPacket(input)?.checksum === "bad" };
    const difference = matchPacket(expected.packet, packet, this.#bindings, options);
    if (difference) throw new Failure(expected.text, `${say(outcome)} (${difference})`);
  }
}
