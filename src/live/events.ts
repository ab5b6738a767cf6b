// What happens to a running gateway, for whoever listens.

/** What a listener may choose. */
export const TOPICS = ["config", "notices", "pools", "drops", "flows"] as const;
export type Topic = (typeof TOPICS)[number];

const TOPIC_OF = {
  applied: "config",
  refused: "config",
  unconfirmed: "config",
  confirmed: "config",
  notice: "notices",
  "pool-alarm": "pools",
  "pool-alarm-over": "pools",
  drop: "drops",
  "drops-lost": "drops",
  "flow-begin": "flows",
  "flow-end": "flows",
  "flows-lost": "flows",
} as const satisfies Record<string, Topic>;
export type EventKind = keyof typeof TOPIC_OF;

export interface LiveEvent {
  readonly kind: EventKind;
  readonly topic: Topic;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Plain data, by kind: docs/api.md. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type EventListener = (event: LiveEvent) => void;

export class EventHub {
  readonly #listeners = new Map<EventListener, ReadonlySet<Topic>>();
  readonly #watchers: (readonly [topic: Topic, heard: (wanted: boolean) => void])[] = [];

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Whether anybody listens to that. */
  isWanted(topic: Topic): boolean {
    return [...this.#listeners.values()].some((topics) => topics.has(topic));
  }

  /** `heard` is told when the first listener to a topic comes, and when the last goes. */
  watch(topic: Topic, heard: (wanted: boolean) => void): void {
    this.#watchers.push([topic, heard]);
  }

  /** Returns what ends it. */
  listen(listener: EventListener, topics: readonly Topic[] = TOPICS): () => void {
    this.#change(() => this.#listeners.set(listener, new Set(topics)));
    return () => this.#change(() => this.#listeners.delete(listener));
  }

  /** `time` in milliseconds since 1970; now, if not said. */
  tell(kind: EventKind, data: LiveEvent["data"], time?: number): void {
    const topic = TOPIC_OF[kind];
    if (!this.isWanted(topic)) return;
    const date = time === undefined ? new Date() : new Date(time);
    const event = { kind, topic, time: date.toISOString(), data };
    for (const [listener, topics] of this.#listeners) if (topics.has(topic)) listener(event);
  }

  #change(change: () => void): void {
    const before = this.#watchers.map(([topic]) => this.isWanted(topic));
    change();
    for (const [index, [topic, heard]] of this.#watchers.entries()) {
      const wanted = this.isWanted(topic);
      if (wanted !== before[index]) heard(wanted);
    }
  }
}
