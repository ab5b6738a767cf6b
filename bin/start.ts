import "../src/cli/compiler-limits.ts";
import { main } from "../src/cli/main.ts";
import { nodeIo } from "../src/cli/node-io.ts";

main(process.argv.slice(2), nodeIo());
