// Static NAT has no options of its own; its two sides must be of one size.

import { z } from "zod";
import type { ExposeMode } from "../../config/expose-mode.ts";
import { sizeOf } from "../../wire/prefix-ports.ts";

export const staticOptions: ExposeMode = {
  name: "static",
  key: "static",
  canInitiate: true,
  canReceive: true,
  shape: z.strictObject({}).describe("one to one, address by address (and port by port)"),
  parse: () => [{ options: {} }],
  check({ privates, publics }, _parts, report) {
    const [inside, outside] = [sizeOf(privates), sizeOf(publics)];
    if (inside === outside) return;
    const withPorts = [...privates, ...publics].some(({ ports }) => ports !== undefined);
    const unit = withPorts ? "pairs of address and port" : "addresses";
    const show = (size: bigint) => `${withPorts ? size : size / 65536n}`;
    const message = `ips has ${show(inside)} ${unit}, as has ${show(outside)}.`;
    const hint = "Make both sides equally large; prefixes may be cut differently.";
    report.say("static/size-mismatch", message, hint);
  },
};
