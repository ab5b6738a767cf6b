// Features of an interface: SIOCETHTOOL, for machines that have no ethtool.

import { interfaceRequest } from "../../src/drivers/linux/interface.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { must } from "../../src/drivers/linux/system-error.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946;
const SET_RECEIVE_OFFLOAD = 0x2c;
const VALUE_AT = 64;

/** Generic receive offload on or off. In the namespace of the calling thread. */
export function setReceiveOffload(system: System, name: string, on: boolean): void {
  const fd = must(system.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket");
  try {
    // struct ifreq points to struct ethtool_value: command and value, both u32.
    const block = new Uint8Array(VALUE_AT + 64);
    block.set(interfaceRequest(name)[0]);
    const view = new DataView(block.buffer);
    view.setBigUint64(16, system.addressOf(block) + BigInt(VALUE_AT), true);
    view.setUint32(VALUE_AT, SET_RECEIVE_OFFLOAD, true);
    view.setUint32(VALUE_AT + 4, on ? 1 : 0, true);
    must(system.ioctl(fd, SIOCETHTOOL, block), `receive offload of ${name}`);
  } finally {
    system.close(fd);
  }
}
