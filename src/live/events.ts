// What happens to a running gateway, for whoever listens.

export interface LiveEvent {
  /** "applied", "refused", "unconfirmed", "confirmed", "notice"; more may come. */
  readonly kind: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Plain data, by kind: docs/api.md. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type EventListener = (event: LiveEvent) => void;

export class EventHub {
  readonly #listeners = new Set<EventListener>();

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Returns what ends it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(kind: string, data: LiveEvent["data"]): void {
    if (this.#listeners.size === 0) return;
    const event = { kind, time: new Date().toISOString(), data };
    for (const listener of this.#listeners) listener(event);
  }
}
