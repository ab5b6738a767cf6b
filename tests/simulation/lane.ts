// One lane of `npm run simulate`: worlds in a thread of their own.

import "../../src/cli/compiler-limits.ts";
import { parentPort, workerData } from "node:worker_threads";
import { type Limits, runWorlds } from "./worlds.ts";

const { seed, limits } = workerData as { readonly seed: number; readonly limits: Limits };
parentPort?.postMessage(runWorlds(seed, limits, (line) => parentPort?.postMessage(line)));
