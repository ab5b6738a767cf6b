// Data path.
// The same as translate-flow-v4.ts for IPv6.

import { type PacketPool, UDP_CHECKSUM } from "../../packet/packet-pool.ts";
import { SEEN_ACK, STATE_MASK } from "../../tables/flow-layout.ts";
import { ESTABLISHED, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import type { ShortTranslator } from "./translate-flow-v4.ts";

const TCP = 6;
const UDP = 17;
const NOTABLE = TCP_FIN | TCP_SYN | TCP_RST;
// Words of an entry: V6_LAYOUT in flow-layout.ts.
const DEADLINE = 10;
const IDLE = 11;
const PACKETS = 12;
const BYTES = 13;
const STATE = 15;
const NEW_SOURCE = 16;
const NEW_PORTS = 24;
const DELTAS = 25;
const ACK = 26;
const WINDOW = 27;

export function shortTranslatorV6(pool: PacketPool, table: FlowTable): ShortTranslator {
  const { bytes, view, l3, l4, l4Checksum, end, flags, protocol } = pool;
  const { words } = table.slab;

  return function translateShort(row, number, tick) {
    const entry = number << 5;
    const state = words[entry + STATE]!;
    if ((state & STATE_MASK) !== ESTABLISHED) return false;
    const network = l3[row]!;
    const transport = l4[row]!;
    const rowProtocol = protocol[row]!;
    if (rowProtocol === TCP) {
      const tcpFlags = bytes[transport + 13]!;
      if ((tcpFlags & NOTABLE) !== 0) return false;
      words[entry + WINDOW] = view.getUint16(transport + 14) << ((state >>> 16) & 15);
      if ((tcpFlags & TCP_ACK) !== 0) {
        words[entry + ACK] = view.getInt32(transport + 8);
        if ((state & SEEN_ACK) === 0) words[entry + STATE] = state | SEEN_ACK;
      }
    } else if (rowProtocol !== UDP) return false;
    words[entry + DEADLINE] = (tick + words[entry + IDLE]!) | 0;
    words[entry + PACKETS] = (words[entry + PACKETS]! + 1) | 0;
    words[entry + BYTES] = (words[entry + BYTES]! + end[row]! - network) | 0;
    bytes[network + 7] = bytes[network + 7]! - 1;
    // New source and new destination follow each other, as in the header.
    for (let i = 0; i < 8; i++) {
      view.setInt32(network + 8 + 4 * i, words[entry + NEW_SOURCE + i]!);
    }
    view.setInt32(transport, words[entry + NEW_PORTS]!);
    const checksum = l4Checksum[row]!;
    const old = view.getUint16(checksum);
    const udp = (flags[row]! & UDP_CHECKSUM) !== 0;
    if (old === 0 && udp) return true;
    let sum = (~old & 0xffff) + (words[entry + DELTAS]! >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && udp ? 0xffff : sum);
    return true;
  };
}
