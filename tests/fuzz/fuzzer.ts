// The loop: inputs out of inputs, by chance alone, so that a seed repeats a run. What earlier runs
// learned about which inputs reach which code is in the corpus, which grows with `--grow`: then an
// eye is kept on the code that runs, and an input that reaches more of it is kept.

import { type Random, seededRandom } from "../../src/base/random.ts";
import type { Coverage } from "./coverage.ts";
import { type Finding, shrink } from "./finding.ts";
import type { Judge, Target } from "./target.ts";

/** Inputs between two looks at the clock or the coverage. */
const CHUNK = 64;
/** Chunks after which a judge forgets everything, so that a finding has a short history. */
const MEMORY = 64;
/** Mutated inputs that others are made of, beside the corpus: so some get far from it. */
const WANDERERS = 256;
const FINDINGS_MAX = 5;

export interface FuzzOptions {
  readonly seed: number;
  /** Asked after each chunk. */
  readonly isOver: (inputs: number) => boolean;
  /** Started; inputs that reach new code go to `keep`. */
  readonly coverage?: Coverage | undefined;
  readonly keep?: (input: unknown) => void;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly units: number;
  /** Of processor time. */
  readonly unitsPerSecond: number;
  readonly kept: number;
  readonly findings: readonly Finding[];
}

export async function fuzz<Input>(
  target: Target<Input>,
  corpus: readonly Input[],
  options: FuzzOptions,
): Promise<FuzzReport> {
  return await new Fuzzer(target, corpus, options).run();
}

class Fuzzer<Input> {
  readonly #target: Target<Input>;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #inputs: Input[];
  readonly #wanderers: Input[] = [];
  readonly #findings: Finding[] = [];
  #judge: Judge<Input>;
  /** Since the judge forgot everything. */
  #history: Input[] = [];
  #units = 0;
  #kept = 0;

  constructor(target: Target<Input>, corpus: readonly Input[], options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = seededRandom(options.seed ^ numberOf(target.name));
    this.#inputs = [...corpus, ...target.seeds()];
    this.#judge = target.judge();
  }

  async run(): Promise<FuzzReport> {
    const { isOver, coverage } = this.#options;
    const started = cpuMicros();
    this.#runAll(this.#inputs);
    coverage?.learn(await coverage.news());
    let chunks = 0;
    do {
      if (chunks % MEMORY === 0) this.#forget();
      const chunk = Array.from({ length: CHUNK }, () => this.#make());
      this.#runAll(chunk);
      if (coverage !== undefined) await this.#learn(chunk, coverage);
      chunks++;
    } while (!isOver(chunks * CHUNK) && this.#findings.length < FINDINGS_MAX);
    const micros = Math.max(cpuMicros() - started, 1);
    return {
      inputs: chunks * CHUNK,
      units: this.#units,
      unitsPerSecond: Math.round((1_000_000 * this.#units) / micros),
      kept: this.#kept,
      findings: this.#findings,
    };
  }

  #make(): Input {
    const { mutate } = this.#target;
    let input = this.#pick();
    for (let times = 1 + this.#random.below(4); times > 0; times--) {
      input = mutate(input, this.#pick(), this.#random);
    }
    if (this.#random.below(8) === 0) {
      this.#wanderers[this.#random.below(WANDERERS) % (this.#wanderers.length + 1)] = input;
    }
    return input;
  }

  #pick(): Input {
    const wanders = this.#wanderers.length > 0 && this.#random.below(3) === 0;
    const list = wanders ? this.#wanderers : this.#inputs;
    return list[this.#random.below(list.length)]!;
  }

  #forget(): void {
    this.#judge = this.#target.judge();
    this.#history = [];
  }

  #runAll(inputs: readonly Input[]): void {
    for (const input of inputs) {
      this.#history.push(input);
      try {
        this.#units += this.#judge(input);
      } catch (error) {
        this.#find(error);
      }
    }
  }

  #find(error: unknown): void {
    const finding = shrink(this.#target, this.#history, error);
    if (!this.#findings.some(({ where }) => where === finding.where)) this.#findings.push(finding);
    this.#forget();
  }

  /** Keeps those inputs of the chunk that reach new code: looks at halves, and halves of them. */
  async #learn(chunk: readonly Input[], coverage: Coverage): Promise<void> {
    if ((await coverage.news()).size === 0) return;
    const search = async (part: readonly Input[]): Promise<void> => {
      this.#forget();
      this.#runAll(part);
      const news = await coverage.news();
      if (news.size === 0) return;
      if (part.length === 1) {
        coverage.learn(news);
        this.#kept++;
        this.#inputs.push(part[0]!);
        this.#options.keep?.(part[0]!);
        return;
      }
      await search(part.slice(0, part.length / 2));
      await search(part.slice(part.length / 2));
    };
    await search(chunk);
    this.#forget();
  }
}

/** Of this process: others on the machine do not count. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Each target has its own chance, whichever others are run. */
function numberOf(name: string): number {
  let number = 0;
  for (const letter of name) number = (Math.imul(number, 31) + letter.charCodeAt(0)) | 0;
  return number;
}
