// Imported for its effect, before the data path is compiled.
//
// The data path is written as small functions, and is fast when the compiler makes one piece of all
// that a loop over a batch calls. V8 stops at 460 bytes of bytecode a function and 920 a caller,
// which cuts such loops in the middle: a packet then takes a sixth longer (docs/performance.md).

import { setFlagsFromString } from "node:v8";

setFlagsFromString("--max-inlined-bytecode-size=1000");
setFlagsFromString("--max-inlined-bytecode-size-cumulative=4000");
