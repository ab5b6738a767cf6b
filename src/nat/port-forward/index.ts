import type { NatMode } from "../nat-mode.ts";
import { portForwardOptions } from "./options.ts";

export const portForward: NatMode = { ...portForwardOptions, build: () => undefined };
