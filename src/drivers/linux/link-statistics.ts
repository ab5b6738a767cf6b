// How many frames an interface has dropped on their way out, as the kernel counts: rtnetlink(7),
// RTM_GETSTATS.

import { readAttributes, viewOf } from "./netlink-bytes.ts";
import { type NetlinkSocket, REQUEST } from "./netlink-socket.ts";
import { SystemError } from "./system-error.ts";

const GET_STATISTICS = 94;
const LINK_64 = 1;
/** Of struct rtnl_link_stats64, in bytes. */
const TRANSMIT_DROPPED = 56;

/** Since the interface was made; undefined when it is gone. */
export function transmitDropped(socket: NetlinkSocket, link: number): number | undefined {
  // struct if_stats_msg: family u8@0, link u32@4, what is asked for u32@8.
  const fixed = new Uint8Array(12);
  const view = viewOf(fixed);
  view.setUint32(4, link, true);
  view.setUint32(8, 1 << (LINK_64 - 1), true);
  try {
    const [answer] = socket.ask(GET_STATISTICS, REQUEST, fixed, [], "link statistics") ?? [];
    const statistics = readAttributes(answer?.body ?? fixed, 12).get(LINK_64);
    if (statistics === undefined || statistics.length < TRANSMIT_DROPPED + 8) return undefined;
    return Number(viewOf(statistics).getBigUint64(TRANSMIT_DROPPED, true));
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
