// What the gateway itself says about packets it drops, from where, and how often; and how long
// packets may be.

import { type Config, MTU_MAX } from "../config/model.ts";
import {
  PORT_UNREACHABLE,
  PROHIBITED,
  TIME_EXCEEDED,
  TOO_BIG,
} from "../functions/answer/write-answer.ts";
import { DROP, type DropName, VERDICT_LIMIT } from "../packet/verdict.ts";
import { ADDRESS_WORDS, type Snapshot } from "../tables/snapshot.ts";

/** The IPv4 address of a node that has none (RFC 7600, 4.8). */
const DUMMY_IPV4 = 0xc0000008 | 0;

/** What an ICMP error for policy or want of room is about (RFC 5508, REQ-8; RFC 6888, REQ-11). */
const PROHIBITED_REASONS: readonly DropName[] = [
  "acl-denied",
  "no-free-port",
  "host-flow-limit",
  "vpc-flow-limit",
  "flow-table-full",
];

type Answers = Pick<
  Snapshot,
  "answers" | "answersPerSecond" | "vpcAddresses" | "vpcMtus" | "hasMtus" | "clampsMss"
>;

export function compileAnswers({ icmp, vpcs, clampMss }: Config): Answers {
  const answers = new Uint8Array(VERDICT_LIMIT);
  if (icmp.timeExceeded) answers[DROP["ttl-exceeded"].code] = TIME_EXCEEDED;
  if (icmp.tooBig) answers[DROP["too-big"].code] = TOO_BIG;
  // As any host does (RFC 1122, 3.2.2.1).
  answers[DROP["for-the-gateway"].code] = PORT_UNREACHABLE;
  for (const name of icmp.prohibited ? PROHIBITED_REASONS : []) {
    answers[DROP[name].code] = PROHIBITED;
  }
  const vpcAddresses = new Int32Array(vpcs.length * ADDRESS_WORDS);
  for (const [index, { addresses }] of vpcs.entries()) {
    const at = index * ADDRESS_WORDS;
    const [v4, v6] = ([4, 6] as const).map((family) =>
      addresses.find((address) => address.family === family),
    );
    vpcAddresses[at] = v4 ? Number(v4.value) | 0 : DUMMY_IPV4;
    for (let word = 0; v6 && word < 4; word++) {
      vpcAddresses[at + 1 + word] = Number(BigInt.asIntN(32, v6.value >> BigInt(96 - 32 * word)));
    }
  }
  return {
    answers,
    answersPerSecond: icmp.perSecond,
    vpcAddresses,
    hasMtus: vpcs.some(({ mtu }) => mtu < MTU_MAX),
    clampsMss: clampMss && vpcs.some(({ mtu }) => mtu < MTU_MAX),
    vpcMtus: Int32Array.from(vpcs, ({ mtu }) => mtu),
  };
}
