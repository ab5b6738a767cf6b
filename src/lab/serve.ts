// Servers on a host of a laboratory, in a program of their own.

import { fileURLToPath } from "node:url";
import type { Namespace } from "./namespace.ts";
import type { Program } from "./programs.ts";
import type { ServersPlan } from "./servers/plan.ts";

/** TypeScript in a checkout, JavaScript where the package is installed. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./servers/program.${EXTENSION}`, import.meta.url));

/** Starts them, and waits until they listen. Throws an Error with what the program said if it could
 * not, such as a port that is taken. */
export async function serve(host: Namespace, plan: ServersPlan): Promise<Program> {
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", PROGRAM];
  const program = host.start([...words, JSON.stringify(plan)]);
  await program.says(/^ready$/m);
  return program;
}
