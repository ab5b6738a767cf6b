// The files of a NAT log: the one it is written to, and those it was before it was renamed.

import { createReadStream, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { createGunzip } from "node:zlib";

const CHUNK_BYTES = 1 << 20;

/** Oldest first: `file`, and whatever is beside it under its name with something behind, as
 * logrotate does it ("nat.jsonl.1", "nat.jsonl-20261125.gz"). Throws when `file` is not there. */
export function filesOfLog(file: string): string[] {
  const folder = path.dirname(file);
  const name = path.basename(file);
  const rotated = readdirSync(folder).filter((each) => /^[.-]\d/.test(each.slice(name.length)));
  const before = rotated.filter((each) => each.startsWith(name)).map((each) => `${folder}/${each}`);
  const aged = before.map((each) => ({ each, changed: statSync(each).mtimeMs }));
  aged.sort((a, b) => a.changed - b.changed || (a.each < b.each ? 1 : -1));
  statSync(file);
  return [...aged.map(({ each }) => each), file];
}

/** What is in the file, unpacked where it is packed. */
export function readChunks(file: string): AsyncIterable<Buffer> {
  const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (!file.endsWith(".gz")) return stream;
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  stream.on("error", (error) => unpacked.destroy(error));
  return stream.pipe(unpacked);
}
