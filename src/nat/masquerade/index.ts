import type { NatMode } from "../nat-mode.ts";
import { masqueradeOptions } from "./options.ts";

export const masquerade: NatMode = { ...masqueradeOptions, build: () => undefined };
