import type { NatMode } from "../nat-mode.ts";
import { staticMapping } from "./binder.ts";
import { staticOptions } from "./options.ts";

export const staticNat: NatMode = { ...staticOptions, build: staticMapping };
