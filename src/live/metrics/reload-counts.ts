// What became of the configurations that this gateway was given.

/** Plain data. */
export interface ReloadReport {
  readonly applied: number;
  readonly refused: number;
  /** Whether the last one was applied. */
  readonly lastApplied: boolean;
  /** When the one in force was applied, in milliseconds since 1970. */
  readonly appliedAt: number;
  /** How long applying it took. */
  readonly millis: number;
  /** Flows that went on, and that ended, over all of them. */
  readonly kept: number;
  readonly ended: ReadonlyMap<string, number>;
}

/** What one configuration did. */
export interface Reload {
  readonly kept: number;
  /** By reason. */
  readonly ended: ReadonlyMap<string, number>;
  readonly millis: number;
}

export class ReloadCounts {
  #report: ReloadReport;

  /** The first was applied at `now`, milliseconds since 1970, when the gateway began. */
  constructor(now: number, millis: number) {
    this.#report = {
      applied: 1,
      refused: 0,
      lastApplied: true,
      appliedAt: now,
      millis,
      kept: 0,
      ended: new Map(),
    };
  }

  applied({ kept, ended, millis }: Reload, now: number): void {
    const before = this.#report;
    const sums = new Map(before.ended);
    for (const [reason, flows] of ended) sums.set(reason, (sums.get(reason) ?? 0) + flows);
    this.#report = {
      ...before,
      applied: before.applied + 1,
      lastApplied: true,
      appliedAt: now,
      millis,
      kept: before.kept + kept,
      ended: sums,
    };
  }

  refused(): void {
    const { refused } = this.#report;
    this.#report = { ...this.#report, refused: refused + 1, lastApplied: false };
  }

  read(): ReloadReport {
    return this.#report;
  }
}
