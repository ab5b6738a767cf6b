// File names that stand in a file and are meant relative to it.

import { dirname, isAbsolute, join } from "node:path";

export function pathBeside(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}
