// Data path.
// A packet of an IPv4 flow that is plainly established: nearly every packet of a busy gateway. What
// translate-flow.ts says in general, with the places in the entry written out, which the compiler
// turns into addresses; it takes half the time. Everything else is left to the general one.

import { type PacketPool, UDP_CHECKSUM } from "../../packet/packet-pool.ts";
import { SEEN_ACK, STATE_MASK } from "../../tables/flow-layout.ts";
import { ESTABLISHED, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";

const TCP = 6;
const UDP = 17;
const NOTABLE = TCP_FIN | TCP_SYN | TCP_RST;
// Words of an entry: V4_LAYOUT in flow-layout.ts.
const NEW_SOURCE = 4;
const NEW_DESTINATION = 5;
const NEW_PORTS = 6;
const DELTAS = 7;
const DEADLINE = 9;
const IDLE = 10;
const PACKETS = 11;
const BYTES = 12;
const ACK = 13;
const WINDOW = 14;
const STATE = 15;

/** Whether the packet in `row`, of the flow of `entry`, has been translated. */
export type ShortTranslator = (row: number, entry: number, tick: number) => boolean;

export function shortTranslatorV4(pool: PacketPool, table: FlowTable): ShortTranslator {
  const { bytes, view, l3, l4, end, flags, protocol } = pool;
  const { words } = table.slab;

  return function translateShort(row, number, tick) {
    const entry = number << 4;
    const state = words[entry + STATE]!;
    if ((state & STATE_MASK) !== ESTABLISHED) return false;
    const network = l3[row]!;
    const transport = l4[row]!;
    const rowProtocol = protocol[row]!;
    let checksum = transport + 6;
    if (rowProtocol === TCP) {
      const tcpFlags = bytes[transport + 13]!;
      if ((tcpFlags & NOTABLE) !== 0) return false;
      words[entry + WINDOW] = view.getUint16(transport + 14) << ((state >>> 16) & 15);
      if ((tcpFlags & TCP_ACK) !== 0) {
        words[entry + ACK] = view.getInt32(transport + 8);
        if ((state & SEEN_ACK) === 0) words[entry + STATE] = state | SEEN_ACK;
      }
      checksum = transport + 16;
    } else if (rowProtocol !== UDP) return false;
    words[entry + DEADLINE] = (tick + words[entry + IDLE]!) | 0;
    words[entry + PACKETS] = (words[entry + PACKETS]! + 1) | 0;
    words[entry + BYTES] = (words[entry + BYTES]! + end[row]! - network) | 0;
    const deltas = words[entry + DELTAS]!;
    // TTL, protocol and the header checksum are one word.
    const hops = view.getInt32(network + 8);
    let sum = (~hops & 0xffff) + (deltas & 0xffff);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setInt32(network + 8, ((hops - 0x1000000) & 0xffff0000) | sum);
    view.setInt32(network + 12, words[entry + NEW_SOURCE]!);
    view.setInt32(network + 16, words[entry + NEW_DESTINATION]!);
    view.setInt32(transport, words[entry + NEW_PORTS]!);
    const old = view.getUint16(checksum);
    const udp = (flags[row]! & UDP_CHECKSUM) !== 0;
    if (old === 0 && udp) return true;
    sum = (~old & 0xffff) + (deltas >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && udp ? 0xffff : sum);
    return true;
  };
}
