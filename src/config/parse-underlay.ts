// The VXLAN side of the gateway, and the names and options of interfaces.

import { type IpAddress, writeIpAddress } from "../wire/ip-address.ts";
import { isText, parseUnicastMac, parseVtep } from "./gateway-addresses.ts";
import type { InterfaceOptions, Underlay } from "./model.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawIsthmus } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** What of the underlay is right; `vtep` and `interface` are there when nothing is wrong. Undefined
 * when there is none. */
export function parseUnderlay(
  { underlay }: RawIsthmus,
  report: Reporter,
): Partial<Underlay> | undefined {
  if (!isMapping(underlay) || !underlay) return undefined;
  const at = report.at("underlay");
  const name = isText(underlay.interface) ? underlay.interface : undefined;
  if (name !== undefined) checkInterfaceName(name, at.at("interface"));
  const vtep = isText(underlay.vtep) ? parseVtep(underlay.vtep, at.at("vtep")) : undefined;
  const written = isText(underlay.vtepMac)
    ? parseUnicastMac(underlay.vtepMac, at.at("vtepMac"))
    : undefined;
  const vtepMac = written ?? (vtep && macOf(vtep));
  const { place } = at.located;
  return {
    place,
    ...(name !== undefined && { interface: name }),
    ...(vtep && { vtep }),
    ...(vtepMac && { vtepMac }),
  };
}

/** A MAC that no other VTEP derives: locally administered, and the address in it. */
function macOf(vtep: IpAddress): Uint8Array {
  const mac = Uint8Array.of(0x02, 0x49, 0, 0, 0, 0);
  writeIpAddress(mac, 2, vtep);
  return mac;
}

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
