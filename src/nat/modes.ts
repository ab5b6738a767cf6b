// The list of modes: the only place that names them all.

import { masquerade } from "./masquerade/index.ts";
import type { NatMode } from "./nat-mode.ts";
import { portForward } from "./port-forward/index.ts";
import { staticNat } from "./static/index.ts";

export const natModes: readonly NatMode[] = [staticNat, masquerade, portForward];
