// How many queues an interface receives by: ethtool's "channels".

import { interfaceRequest } from "./interface.ts";
import type { System } from "./sys.ts";
import { must } from "./system-error.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GCHANNELS = 0x3c;
/** Where a struct ifreq of 40 bytes ends, and with some room. */
const CHANNELS_AT = 64;

/** 1 for an interface that does not say. In the network namespace of the calling thread. */
export function receiveQueues(system: System, name: string): number {
  const fd = must(system.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket");
  try {
    // struct ifreq points to struct ethtool_channels: command, four maxima, then receive, transmit,
    // other and combined channels, all u32.
    const block = new Uint8Array(CHANNELS_AT + 64);
    block.set(interfaceRequest(name)[0]);
    const view = new DataView(block.buffer);
    view.setBigUint64(16, system.addressOf(block) + BigInt(CHANNELS_AT), true);
    view.setUint32(CHANNELS_AT, ETHTOOL_GCHANNELS, true);
    if (system.ioctl(fd, SIOCETHTOOL, block) < 0) return 1;
    const queues = view.getUint32(CHANNELS_AT + 20, true) + view.getUint32(CHANNELS_AT + 32, true);
    return Math.max(1, queues);
  } finally {
    system.close(fd);
  }
}
