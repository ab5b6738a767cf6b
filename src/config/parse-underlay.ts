// The VXLAN side of the gateway.

import { type IpAddress, writeIpAddress } from "../wire/ip-address.ts";
import { isText, parseUnicastMac, parseVtep } from "./gateway-addresses.ts";
import type { Underlay } from "./model.ts";
import { checkInterfaceName } from "./parse-interfaces.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawIsthmus } from "./shape.ts";

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
