// Bytes that arrive in chunks and are taken in pieces of any length.

export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** How many bytes have been taken since the start. */
  taken = 0;

  /** Keeps a copy of what is left and a view of nothing: `chunk` may be reused afterwards only if
   * everything was taken. */
  push(chunk: Uint8Array): void {
    const left = this.#bytes.length - this.#at;
    if (left === 0) {
      this.#bytes = chunk;
    } else {
      const joined = new Uint8Array(left + chunk.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(chunk, left);
      this.#bytes = joined;
    }
    this.#at = 0;
  }

  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `count` bytes, without taking them; undefined when they are not there yet. */
  peek(count: number): Uint8Array | undefined {
    if (this.length < count) return undefined;
    return this.#bytes.subarray(this.#at, this.#at + count);
  }

  skip(count: number): void {
    this.#at += count;
    this.taken += count;
  }

  /** Must be called before a chunk that was pushed is overwritten. */
  detach(): void {
    this.#bytes = this.#bytes.slice(this.#at);
    this.#at = 0;
  }
}
