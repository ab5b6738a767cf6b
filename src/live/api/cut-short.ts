// Streams that end before their time. HTTP has an end for answers that are whole; one that is not
// ends with its connection instead, behind all that has been written, so that whoever reads it has
// that much, and an error.

import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";

const cut = new WeakSet<Readable>();

/** Says so of a stream that is about to end. */
export function cutShort(stream: Readable): void {
  cut.add(stream);
}

/** Before the stream is sent. */
export function mindCut(stream: Readable, response: ServerResponse): void {
  // Comes before the listener of whoever pipes it, whose end finds no connection any more.
  stream.prependOnceListener("end", () => {
    if (cut.has(stream)) response.socket?.end();
  });
}
