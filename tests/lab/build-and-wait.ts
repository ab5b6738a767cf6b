// A program that builds a laboratory and then does what it is told:
//
//   node build-and-wait.ts wait|listen|throw|crash
//
// It prints the names of its namespaces and the process it started in one, and stays (wait), stays
// and ends itself when asked to (listen), fails (throw), or is gone without a word (crash).

import { openLab } from "../../src/lab/lab.ts";

const [, , way] = process.argv;
const lab = await openLab();
const [a, b] = lab.namespaces(["a", "b"]);
const sleeper = a?.start(["sh", "-c", "sleep 600 & sleep 600"]);
process.stdout.write(`${a?.name} ${b?.name} ${sleeper?.pid}\n`);
if (way === "throw") throw new Error("on purpose");
if (way === "crash") process.kill(process.pid, "SIGKILL");
if (way === "listen") process.on("SIGTERM", () => process.exit(7));
setInterval(() => {}, 1000);
