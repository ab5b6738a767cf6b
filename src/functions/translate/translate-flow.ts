// Data path.
// A packet of a flow: rewritten as its entry says, counted, and the flow kept alive. Everything to
// be read and written stands in the entry; checksums change by sums prepared with it.

import { isZeroMessage, mendZeroMessage } from "../../packet/checksum-update.ts";
import {
  LATER_FRAGMENT,
  MORE_FRAGMENTS,
  type PacketPool,
  PORTS,
  UDP_CHECKSUM,
} from "../../packet/packet-pool.ts";
import { SEEN_ACK, STATE_MASK } from "../../tables/flow-layout.ts";
import { ESTABLISHED, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";

const TCP = 6;
const ICMP = 1;
const NOTABLE = TCP_FIN | TCP_SYN | TCP_RST;
const NO_SCALE = 0;
const SCALE_SHIFT = 16;

/** Translates the packet in `row`, which belongs to the flow of `entry`. Idle times count from the
 * tick `since`. */
export type FlowTranslator = (row: number, entry: number, since: number) => void;

export function flowTranslator(pool: PacketPool, table: FlowTable): FlowTranslator {
  const { bytes, view, l3, l4, end, flags, l4Checksum, protocol } = pool;
  const { slab, layout, v6 } = table;
  const { words } = slab;
  const { newSource, newDestination, newPorts, deltas, deadline, idle, packets } = layout;
  const byteWord = layout.bytes;
  const { ack, window, state: stateWord, addressWords, words: entryWords } = layout;

  function rewriteNetwork(at: number, entry: number): void {
    const source = at + (v6 ? 8 : 12);
    for (let i = 0; i < addressWords; i++) {
      view.setInt32(source + 4 * i, words[entry + newSource + i]!);
      view.setInt32(source + 4 * (addressWords + i), words[entry + newDestination + i]!);
    }
    if (v6) {
      bytes[at + 7] = bytes[at + 7]! - 1;
      return;
    }
    bytes[at + 8] = bytes[at + 8]! - 1;
    const sum = (~view.getUint16(at + 10) & 0xffff) + (words[entry + deltas]! & 0xffff);
    view.setUint16(at + 10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  }

  function rewriteTransport(row: number, entry: number): void {
    const at = l4[row]!;
    let checksum = l4Checksum[row]!;
    const rowFlags = flags[row]!;
    if ((rowFlags & PORTS) !== 0) view.setInt32(at, words[entry + newPorts]!);
    else {
      const id = words[entry + newPorts]! >>> 16;
      const whole = protocol[row]! === ICMP && (rowFlags & MORE_FRAGMENTS) === 0;
      if (whole && isZeroMessage(view, at, end[row]!)) {
        // It came in wrong, and goes out wrong.
        view.setUint16(at + 2, id === 0xffff ? 1 : 0);
        view.setUint16(at + 4, id);
        return;
      }
      view.setUint16(at + 4, id);
      if (protocol[row]! === ICMP) checksum = at + 2;
    }
    if (checksum === 0) return;
    const old = view.getUint16(checksum);
    const udp = (rowFlags & UDP_CHECKSUM) !== 0;
    if (old === 0 && udp) return;
    let sum = (~old & 0xffff) + (words[entry + deltas]! >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && udp ? 0xffff : sum);
    if (sum === 0 && protocol[row]! === ICMP) mendZeroMessage(view, at);
  }

  /** What an acknowledgement says of how far this side takes data. */
  function noteWindow(entry: number, at: number, tcpFlags: number): void {
    const known = (words[entry + stateWord]! >>> SCALE_SHIFT) & 15;
    const scale = (tcpFlags & TCP_SYN) !== 0 ? NO_SCALE : known;
    words[entry + window] = view.getUint16(at + 14) << scale;
    if ((tcpFlags & TCP_ACK) === 0) return;
    words[entry + ack] = view.getInt32(at + 8);
    words[entry + stateWord] = words[entry + stateWord]! | SEEN_ACK;
  }

  /** The window scale of a SYN (RFC 7323, 2.2): 0 when it has none. */
  function noteScale(entry: number, at: number, packetEnd: number): void {
    const limit = Math.min(at + (bytes[at + 12]! >>> 4) * 4, packetEnd);
    let scale = 0;
    for (let option = at + 20; option < limit; ) {
      const kind = bytes[option]!;
      if (kind === 0) break;
      const length = kind === 1 ? 1 : bytes[option + 1]!;
      if (kind === 3 && length === 3 && option + 3 <= limit) {
        scale = Math.min(bytes[option + 2]!, 14);
      }
      option += Math.max(length, 1);
    }
    const word = words[entry + stateWord]! & ~(15 << SCALE_SHIFT);
    words[entry + stateWord] = word | (scale << SCALE_SHIFT);
  }

  /** A later fragment: there is no transport header, only addresses to be changed. It keeps the
   * flow alive as far as that has an answer. */
  function translateFragment(row: number, entry: number, since: number): void {
    words[entry + packets] = (words[entry + packets]! + 1) | 0;
    words[entry + byteWord] = (words[entry + byteWord]! + end[row]! - l3[row]!) | 0;
    if ((words[entry + stateWord]! & STATE_MASK) === ESTABLISHED) {
      words[entry + deadline] = (since + words[entry + idle]!) | 0;
    }
    rewriteNetwork(l3[row]!, entry);
  }

  return function translateFlow(row, number, since) {
    const entry = number * entryWords;
    if ((flags[row]! & LATER_FRAGMENT) !== 0) {
      translateFragment(row, entry, since);
      return;
    }
    const rowProtocol = protocol[row]!;
    const at = l4[row]!;
    const tcp = rowProtocol === TCP;
    const tcpFlags = tcp ? bytes[at + 13]! : 0;
    const sequence = tcp ? view.getInt32(at + 4) : 0;
    words[entry + packets] = (words[entry + packets]! + 1) | 0;
    words[entry + byteWord] = (words[entry + byteWord]! + end[row]! - l3[row]!) | 0;
    const established = (words[entry + stateWord]! & STATE_MASK) === ESTABLISHED;
    if (established && (tcpFlags & NOTABLE) === 0) {
      words[entry + deadline] = (since + words[entry + idle]!) | 0;
    } else {
      if ((tcpFlags & TCP_SYN) !== 0) noteScale(entry, at, end[row]!);
      table.track(number, rowProtocol, tcpFlags, sequence, since);
    }
    if (tcp) noteWindow(entry, at, tcpFlags);
    rewriteNetwork(l3[row]!, entry);
    rewriteTransport(row, entry);
  };
}
