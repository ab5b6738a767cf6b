// Who finishes the checksums of what a host sends: its kernel, or the card behind it. On a virtual
// cable there is no card, so the kernel passes frames on whose checksums nobody has finished, up
// to the far end, and large TCP data in one super-frame. That is what a gateway meets in
// production, so laboratories leave it on. Turn it off where somebody reads frames who is not told
// of it, such as other people's captures; ours (capture.ts) finish them. ethtool(8):
// tx-checksumming.

import { interfaceRequest } from "../drivers/linux/interface.ts";
import type { System } from "../drivers/linux/sys.ts";
import { must } from "../drivers/linux/system-error.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946;
/** Of linux/ethtool.h. */
const ETHTOOL_STXCSUM = 0x17;
/** Where a struct ifreq has its data, a pointer to a struct ethtool_value. */
const IFREQ_DATA = 16;
/** Smaller arrays may be moved by the garbage collector, which would leave a pointer astray. */
const STAYS_BYTES = 128;

/** For frames sent by an interface of the calling thread's namespace. Off, its kernel makes no
 * super-frames either. Throws a SystemError. */
export function setChecksumOffload(system: System, iface: string, on: boolean): void {
  const value = new Uint8Array(STAYS_BYTES);
  const words = new DataView(value.buffer);
  words.setUint32(0, ETHTOOL_STXCSUM, true);
  words.setUint32(4, on ? 1 : 0, true);
  const [bytes, request] = interfaceRequest(iface);
  request.setBigUint64(IFREQ_DATA, system.addressOf(value), true);
  const fd = must(system.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket");
  try {
    must(system.ioctl(fd, SIOCETHTOOL, bytes), `checksum offload of ${iface}`);
  } finally {
    system.close(fd);
  }
}
