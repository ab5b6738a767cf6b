// Lists of prefixes with ports, as text.

import { parsePrefix } from "../../src/wire/prefix.ts";
import { type PrefixPorts, prefixPorts } from "../../src/wire/prefix-ports.ts";

/** "10.0.0.0/24" or "10.0.0.0/24:80-90", several apart by blanks. */
export function entries(text: string): PrefixPorts[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [, prefix = "", first, last = first] =
        /^(.*\/\d+)(?::(\d+)(?:-(\d+))?)?$/.exec(word) ?? [];
      const ports = first === undefined ? undefined : { first: Number(first), last: Number(last) };
      return prefixPorts(parsePrefix(prefix)!, ports);
    });
}
