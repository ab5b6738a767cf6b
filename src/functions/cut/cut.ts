// Data path.
// IPv4 packets that are too long for where they go, and may be cut, are cut (RFC 791, 3.2; RFC
// 4787, REQ-13a). The packet becomes its own first piece and goes on; the others are packets of
// their own, which leave right behind it, the same way. All of them or none: with too few free rows
// the whole packet is dropped.

import { Batch } from "../../packet/batch.ts";
import { wordSum } from "../../packet/checksum-update.ts";
import { type PacketPool, TO_BE_CUT } from "../../packet/packet-pool.ts";
import { setTunnelLengths, tunnelIp } from "../../packet/tunnel-lengths.ts";
import { DROP, SENT } from "../../packet/verdict.ts";
import { TUNNELLED_MAX } from "../../tables/adjacency-table.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import type { HeldPackets } from "../../tables/held-packets.ts";
import { Identifications } from "../../tables/identifications.ts";
import { type InterfaceTable, RAW_IP } from "../../tables/interface-table.ts";
import type { HashKey } from "../../tables/key-hash.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { LaterHeader } from "./later-header.ts";

const NO_ROOM = DROP["no-room-to-cut"].code;
const UNIT = 8;
const DONT_FRAGMENT = 0x4000;
const MORE = 0x2000;
const OFFSET = 0x1fff;
const UDP = 17;

export interface Cutter {
  readonly step: NetworkFunction;
  /** All pieces but first ones, those of one packet side by side and in order. Whoever empties it
   * gives its rows back to the pool. */
  readonly pieces: Batch;
  /** By place in `pieces`: the row of the packet that it was cut from. */
  readonly causes: Int32Array;
  /** Behind the pipeline: the pieces go out. */
  readonly send: (now: number) => void;
}

export interface CutDependencies {
  readonly pool: PacketPool;
  readonly interfaces: InterfaceTable;
  readonly snapshot: SnapshotHolder;
  readonly counters: DirectionCounters;
  readonly hashKey: HashKey;
  /** Puts the pieces into their tunnels. */
  readonly encap: NetworkFunction;
  /** May keep pieces until their way is known. */
  readonly held: HeldPackets;
}

export function cutter(dependencies: CutDependencies): Cutter {
  const { pool, interfaces, snapshot, counters, hashKey, encap, held } = dependencies;
  const { bytes, view, start, length, rxInterface, outer, l3, end, flags, adjacency } = pool;
  const { toVpc, direction, sourcePort, destinationPort, verdict } = pool;
  const { kinds } = interfaces;
  const pieces = new Batch(pool.slots);
  const causes = new Int32Array(pool.slots);
  const header = new LaterHeader();
  const tunnelIds = new Identifications(hashKey);

  /** The longest piece that fits, tunnel included. */
  function longest(row: number): number {
    const mtu = snapshot.current.vpcMtus[toVpc[row]!]!;
    return adjacency[row]! === 0 ? mtu : Math.min(mtu, TUNNELLED_MAX);
  }

  /** Rows for `count` pieces of `row` at the end of `pieces`: all, or none and false. */
  function reserve(row: number, count: number): boolean {
    const before = pieces.count;
    for (let i = 0; i < count; i++) {
      const made = pool.allocate();
      if (made < 0) {
        while (pieces.count > before) pool.release(pieces.rows[--pieces.count]!);
        return false;
      }
      causes[pieces.count] = row;
      pieces.push(made);
    }
    return true;
  }

  /** Length, flags and offset of the IP header at `at`, and its checksum. */
  function seal(at: number, size: number, fragment: number): void {
    view.setUint16(at + 2, size);
    view.setUint16(at + 6, fragment);
    view.setUint16(at + 10, 0);
    view.setUint16(at + 10, ~wordSum(view, at, at + (bytes[at]! & 15) * 4) & 0xffff);
  }

  /** The frame of `row` ends at `packetEnd`: so does the tunnel that it came in. */
  function endFrame(row: number, packetEnd: number): void {
    end[row] = packetEnd;
    length[row] = packetEnd - start[row]!;
    if (adjacency[row]! !== 0 || outer[row]! < 0) return;
    const raw = (kinds[rxInterface[row]!]! & RAW_IP) !== 0;
    const ip = tunnelIp(view, outer[row]!, start[row]!, raw);
    setTunnelLengths(view, ip, start[row]!, length[row]!);
  }

  /** The tunnel packets of the pieces may be cut on their way too: each has a name of its own. */
  function renameTunnel(row: number): void {
    const raw = (kinds[rxInterface[row]!]! & RAW_IP) !== 0;
    const ip = tunnelIp(view, outer[row]!, start[row]!, raw);
    if (bytes[ip]! >>> 4 !== 4 || (view.getUint16(ip + 6) & DONT_FRAGMENT) !== 0) return;
    view.setUint16(ip + 4, tunnelIds.next(view, ip + 12, 4, UDP) & 0xffff);
  }

  /** The headers in front of the packet in `row`, in front of the piece in `made`; where its IP
   * header goes. For a tunnel of the gateway's own `encap` writes all of them. */
  function openPiece(row: number, made: number): number {
    outer[made] = -1;
    if (adjacency[row]! !== 0) return pool.open(made, rxInterface[row]!, 0);
    const tunnelled = outer[row]! >= 0;
    const from = tunnelled ? outer[row]! : start[row]!;
    const at = pool.open(made, rxInterface[row]!, 0);
    bytes.copyWithin(at, from, l3[row]!);
    start[made] = at + start[row]! - from;
    if (tunnelled) {
      outer[made] = at;
      renameTunnel(made);
    }
    return at + l3[row]! - from;
  }

  /** The piece of `row` with `size` bytes of it, from `from` on. */
  function writePiece(
    row: number,
    made: number,
    from: number,
    size: number,
    fragment: number,
  ): void {
    const at = openPiece(row, made);
    const body = at + header.length;
    for (let i = 0; i < header.length; i++) bytes[at + i] = header.bytes[i]!;
    bytes.copyWithin(body, from, from + size);
    seal(at, header.length + size, fragment);
    l3[made] = at;
    flags[made] = flags[row]!;
    toVpc[made] = toVpc[row]!;
    direction[made] = direction[row]!;
    adjacency[made] = adjacency[row]!;
    sourcePort[made] = sourcePort[row]!;
    destinationPort[made] = destinationPort[row]!;
    endFrame(made, body + size);
  }

  /** False when there is no room for the pieces. */
  function cut(row: number): boolean {
    const at = l3[row]!;
    const most = longest(row);
    const body = at + (bytes[at]! & 15) * 4;
    header.read(bytes, at);
    const room = most - header.length;
    const each = room & -UNIT;
    const firstEnd = body + ((at + most - body) & -UNIT);
    const rest = end[row]! - firstEnd;
    const count = rest <= room ? 1 : 1 + Math.ceil((rest - room) / each);
    const first = pieces.count;
    if (!reserve(row, count)) return false;
    const fragment = view.getUint16(at + 6);
    for (let i = 0; i < count; i++) {
      const from = firstEnd + i * each;
      const last = i === count - 1;
      const size = last ? end[row]! - from : each;
      // Offsets add up, and only the last piece may be the last of the datagram.
      const offset = (fragment & OFFSET) + (from - body) / UNIT;
      const bits = (fragment & ~OFFSET) | (last ? 0 : MORE);
      writePiece(row, pieces.rows[first + i]!, from, size, bits | offset);
    }
    seal(at, firstEnd - at, fragment | MORE);
    endFrame(row, firstEnd);
    return true;
  }

  const step: NetworkFunction = {
    name: "cut",
    reads: [
      "start",
      "length",
      "rxInterface",
      "outer",
      "l3",
      "end",
      "flags",
      "toVpc",
      "direction",
      "adjacency",
      "sourcePort",
      "destinationPort",
    ],
    writes: ["length", "end"],
    process(batch) {
      if ((batch.flags & TO_BE_CUT) === 0) return 0;
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        if ((flags[row]! & TO_BE_CUT) === 0 || cut(row)) continue;
        verdict[row] = NO_ROOM;
        decided++;
      }
      return decided;
    },
    describe(row) {
      if ((flags[row]! & TO_BE_CUT) === 0 || verdict[row]! !== 0) return "";
      let total = 1;
      for (let i = 0; i < pieces.count; i++) if (causes[i] === row) total++;
      return `cut into ${total} fragments`;
    },
  };

  function send(now: number): void {
    const { rows, count } = pieces;
    const octets = counters.current.bytes;
    held.holdsOwn = 1;
    encap.process(pieces, now);
    held.holdsOwn = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const way = direction[row]!;
      if (verdict[row]! !== 0) continue;
      octets[way] = octets[way]! + (end[row]! - l3[row]!);
      verdict[row] = SENT;
    }
  }

  return { step, pieces, causes, send };
}
