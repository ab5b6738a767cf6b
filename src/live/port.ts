// One interface of the gateway while it is open: its driver, and what keeps the kernel away from
// the packets that are the gateway's.

import type { Driver } from "../drivers/driver.ts";
import { openAfPacket } from "../drivers/linux/af-packet.ts";
import { openAfXdp } from "../drivers/linux/af-xdp.ts";
import { finishing } from "../drivers/linux/finishing.ts";
import { type KeptTunnels, keepTunnels } from "../drivers/linux/keep-tunnels.ts";
import type { System } from "../drivers/linux/sys.ts";
import { openTap } from "../drivers/linux/tap.ts";
import type { WantedPort } from "./wanted-ports.ts";

export interface OpenPort {
  readonly wanted: WantedPort;
  /** The gateway's number for it. */
  readonly iface: number;
  readonly driver: Driver;
  /** What the operator should know, in sentences. */
  readonly notices: readonly string[];
  close(): void;
}

/** Throws an Error that names the line of the configuration and says what could not be done. */
export function openPort(wanted: WantedPort, iface: number, system: System): OpenPort {
  let tunnels: KeptTunnels | undefined;
  try {
    const { name, underlay } = wanted;
    tunnels = underlay && keepTunnels({ interface: name, vtep: underlay.vtep }, system);
    const [driver, notices] = openDriver(wanted, system);
    const kept = tunnels;
    return {
      wanted,
      iface,
      driver,
      notices: [...notices, ...(kept?.notices ?? [])],
      close() {
        driver.close();
        kept?.close();
      },
    };
  } catch (error) {
    tunnels?.close();
    const { file, line } = wanted.place;
    const { message } = error as Error;
    throw new Error(`${file}:${line}: ${wanted.name}: ${message}`, { cause: error });
  }
}

/** Super-frames pass whole between interfaces of AF_PACKET; all others get them finished. */
function openDriver(
  { name, driver, promiscuous, underlay }: WantedPort,
  system: System,
): [driver: Driver, notices: readonly string[]] {
  const allGroups = underlay === undefined;
  const options = { interface: name, onlyVxlanTo: underlay?.vtep, promiscuous, allGroups };
  if (driver === "tap") return [finishing(openTap({ interface: name }, system)), []];
  if (driver === "af-xdp") {
    const opened = openAfXdp(options, system);
    return [finishing(opened), opened.notices];
  }
  if (underlay) return [finishing(openAfPacket(options, system)), []];
  return [openAfPacket({ ...options, exclusive: true, whole: true }, system), []];
}
