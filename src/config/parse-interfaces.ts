// Interfaces of the gateway: their names and options.

import type { InterfaceOptions } from "./model.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawIsthmus } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** What Linux takes as the name of an interface: 15 bytes, the sixteenth ends it. */
export function checkInterfaceName(name: string, at: Reporter): void {
  const bytes = new TextEncoder().encode(name).length;
  const good = bytes >= 1 && bytes <= 15 && !/[\s/:\p{Cc}]/u.test(name) && !/^\.\.?$/.test(name);
  if (good) return;
  const message = `${JSON.stringify(name)} cannot be the name of an interface.`;
  const hint = 'Use 1 to 15 bytes without blanks, "/" and ":", such as "eth0".';
  at.say("isthmus/bad-interface", message, hint);
}

/** Options of interfaces. `used` are the names that attachments and the underlay speak of;
 * undefined when that cannot be known. */
export function parseInterfaces(
  { interfaces }: RawIsthmus,
  used: ReadonlySet<string> | undefined,
  report: Reporter,
): readonly InterfaceOptions[] {
  const all = isMapping(interfaces) && interfaces ? interfaces : {};
  return Object.keys(all)
    .sort()
    .map((name) => {
      const raw = all[name];
      const { driver = "af-packet", promiscuous = false } = isMapping(raw) && raw ? raw : {};
      const at = report.at("interfaces", name);
      checkInterfaceName(name, at);
      if (used && !used.has(name) && !at.tainted) sayUnused(name, used, at);
      return { name, driver, promiscuous, place: at.located.place };
    });
}

function sayUnused(name: string, used: ReadonlySet<string>, at: Reporter): void {
  const guess = nearest(name, used);
  const hint = guess ? `Did you mean "${guess}"?` : "Remove it, or attach something to it.";
  const message = `No attachment is on interface "${name}", and it is not the underlay's.`;
  at.say("isthmus/unused-interface", message, hint);
}
