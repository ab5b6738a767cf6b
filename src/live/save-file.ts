// Puts a text in the place of a file: whole or not at all, for whoever reads it meanwhile.

import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** A link stays one; the file behind it is replaced, and keeps its mode. Throws an Error with a
 * sentence. */
export function saveFile(file: string, text: string): void {
  let fresh: string | undefined;
  try {
    const real = realpathSync(file);
    fresh = `${real}.${process.pid}.new`;
    const { mode } = statSync(real);
    writeFileSync(fresh, text, { flag: "wx", mode: 0o600, flush: true });
    chmodSync(fresh, mode & 0o777);
    renameSync(fresh, real);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (fresh !== undefined && code !== "EEXIST") rmSync(fresh, { force: true });
    throw new Error(`${file} could not be written: ${message}`, { cause: error });
  }
}
