// Data path.
// What the gateway itself says about packets it drops: ICMP errors to their senders. It runs behind
// the pipeline, over what the pipeline has dropped; packets stand there as they came, so that is
// what an error quotes (RFC 792; RFC 4443, 3). Which drops are answered the configuration says.
//
// Never about an ICMP error, a later fragment, or what was not sent from one host to another (RFC
// 1812, 4.3.2.7; RFC 4443, 2.4 e); and never faster than the rate of each VPC (RFC 4443, 2.4 f).

import type { Batch } from "../../packet/batch.ts";
import {
  ICMP_ERROR,
  LATER_FRAGMENT,
  type PacketPool,
  PORTS,
  V6,
} from "../../packet/packet-pool.ts";
import { SENT } from "../../packet/verdict.ts";
import type { HeldPackets } from "../../tables/held-packets.ts";
import type { InterfaceTable } from "../../tables/interface-table.ts";
import { RAW_IP } from "../../tables/interface-table.ts";
import { ADDRESS_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { answerWriter, PORT_UNREACHABLE } from "./write-answer.ts";

/** Writes the answers to the dropped packets of `batch` into `answers`, and for each the place of
 * its cause in the batch into `causes`. One that is only `tried` is not held to the rate, and does
 * not count for it. */
export type Answerer = (
  batch: Batch,
  answers: Batch,
  causes: Int32Array,
  now: number,
  tried?: boolean,
) => void;

/** `held` may keep an answer until its way is known. `encap` puts the answers into their
 * tunnels. */
export function answerer(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  interfaces: InterfaceTable,
  encap: NetworkFunction,
  held: HeldPackets,
): Answerer {
  const { bytes, view, l3, vpc, flags, start, outer, rxInterface, verdict } = pool;
  const { kinds } = interfaces;
  const write = answerWriter(pool, snapshot, interfaces);
  /** By VPC: how many answers may be sent, and when that was so. */
  let tokens = new Float64Array(0);
  let since = new Float64Array(0);

  function takeToken(from: number, now: number): boolean {
    const { answersPerSecond: rate, vpcVnis } = snapshot.current;
    if (tokens.length !== vpcVnis.length) {
      tokens = new Float64Array(vpcVnis.length).fill(rate);
      since = new Float64Array(vpcVnis.length).fill(now);
    }
    const gained = (Math.max(now - since[from]!, 0) * rate) / 1000;
    const have = Math.min(tokens[from]! + gained, rate);
    since[from] = now;
    tokens[from] = have >= 1 ? have - 1 : have;
    return have >= 1;
  }

  /** From one host to another, as far as a header says. */
  function isBetweenHosts(row: number): boolean {
    const at = l3[row]!;
    if ((flags[row]! & V6) !== 0) {
      return bytes[at + 24]! !== 0xff && bytes[at + 8]! !== 0xff && !isZero(at + 8);
    }
    const from = bytes[at + 12]!;
    const to = bytes[at + 16]!;
    return from > 0 && from !== 127 && from < 224 && to > 0 && to < 224;
  }

  function isZero(at: number): boolean {
    for (let i = 0; i < 16; i += 4) if (view.getInt32(at + i) !== 0) return false;
    return true;
  }

  /** Not from a frame to a group. */
  function isUnicastFrame(row: number): boolean {
    if (outer[row]! < 0 && (kinds[rxInterface[row]!]! & RAW_IP) !== 0) return true;
    return (bytes[start[row]!]! & 1) === 0;
  }

  function mayAnswer(row: number, kind: number): boolean {
    if (l3[row]! < 0 || vpc[row]! < 0) return false;
    if ((flags[row]! & (ICMP_ERROR | LATER_FRAGMENT)) !== 0) return false;
    if (kind === PORT_UNREACHABLE) {
      if ((flags[row]! & PORTS) === 0) return false;
    } else if ((flags[row]! & V6) !== 0) {
      // Without an address of the gateway's own there is none to answer from (RFC 4443, 2.2).
      const at = vpc[row]! * ADDRESS_WORDS + 1;
      const { vpcAddresses } = snapshot.current;
      if ((vpcAddresses[at]! | vpcAddresses[at + 3]!) === 0) return false;
    }
    return isBetweenHosts(row) && isUnicastFrame(row);
  }

  return function answer(batch, answers, causes, now, tried = false) {
    const { rows, count } = batch;
    const { answers: kinds } = snapshot.current;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const kind = kinds[verdict[row]!]!;
      if (kind === 0 || !mayAnswer(row, kind)) continue;
      if (!tried && !takeToken(vpc[row]!, now)) continue;
      const made = pool.allocate();
      if (made < 0) break;
      write(row, made, kind);
      causes[answers.count] = i;
      answers.push(made);
    }
    if (answers.count === 0) return;
    held.holdsOwn = 1;
    encap.process(answers, now);
    held.holdsOwn = 0;
    for (let i = 0; i < answers.count; i++) {
      const row = answers.rows[i]!;
      if (verdict[row] === 0) verdict[row] = SENT;
    }
  };
}
