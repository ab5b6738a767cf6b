// Asks the kernel about the network and hears of changes: rtnetlink(7). For the control plane; each
// call takes the kernel well under a millisecond, and blocks for that long.

import { bits, type IpAddress, writeIpAddress } from "../../wire/ip-address.ts";
import { type NetlinkMessage, viewOf } from "./netlink-bytes.ts";
import { ACKNOWLEDGE, CREATE, DUMP, NetlinkSocket, REQUEST } from "./netlink-socket.ts";
import {
  type Address,
  type Change,
  type Fact,
  type Link,
  NEW_ADDRESS,
  NEW_LINK,
  NEW_NEIGHBOR,
  NEW_ROUTE,
  type Neighbor,
  parseChange,
  type Route,
} from "./network-facts.ts";
import type { System } from "./sys.ts";
import { EINTR, EPERM, SystemError } from "./system-error.ts";

/** All the kernel knows, at one moment. */
export interface NetworkState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbors: readonly Neighbor[];
}

export interface NetworkChanges {
  /** In the order in which they happened. */
  readonly changes: readonly Change[];
  /** More has changed than is told: ask for everything again. Messages were lost, or something went
   * away that takes routes with it without a word about them. */
  readonly askAgain: boolean;
}

const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** Some ten thousand changes. */
const EVENT_BYTES = 8 * 1024 * 1024;
/** Links, neighbors, and addresses and routes of both families. */
const GROUPS = 1 | 4 | 0x10 | 0x40 | 0x100 | 0x400;
/** From the number of "new" to that of the question. */
const GET = 2;
/** It changes every time while it is being told. */
const ATTEMPTS = 20;
const NTF_USE = 1;

export class Rtnetlink {
  /** Readable, as poll(2) means it, when there are changes. */
  readonly fd: number;
  readonly #questions: NetlinkSocket;
  readonly #events: NetlinkSocket;

  /** About the network namespace of the calling thread. Changes are kept from now on. Throws a
   * SystemError. */
  constructor(system: System) {
    this.#questions = new NetlinkSocket(system, 0);
    try {
      this.#events = new NetlinkSocket(system, GROUPS);
    } catch (error) {
      this.#questions.close();
      throw error;
    }
    this.fd = this.#events.fd;
    const size = new Uint8Array(Int32Array.of(EVENT_BYTES).buffer);
    const failed = system.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, size);
    // Without the right to it there is less room, and sooner "ask again".
    if (failed < 0 && failed !== -EPERM) {
      this.close();
      throw new SystemError("rtnetlink buffer", -failed);
    }
  }

  /** Changes from before may still come out of `changes` afterwards. Throws a SystemError. */
  dump(): NetworkState {
    return {
      links: this.links(),
      addresses: this.#dumpKind<Address>("address", NEW_ADDRESS),
      routes: this.#dumpKind<Route>("route", NEW_ROUTE),
      neighbors: this.#dumpKind<Neighbor>("neighbor", NEW_NEIGHBOR),
    };
  }

  /** Of `dump` the links alone. Throws a SystemError. */
  links(): readonly Link[] {
    return this.#dumpKind<Link>("link", NEW_LINK);
  }

  /** What has changed since the last call. Throws a SystemError. */
  changes(): NetworkChanges {
    const messages = this.#events.take();
    if (messages === undefined) return { changes: [], askAgain: true };
    const changes = changesIn(messages);
    return { changes, askAgain: changes.some(takesRoutesWithIt) };
  }

  /** Has the kernel find out the MAC address of a neighbor, as if a packet were to go there; what
   * it finds is a change of that neighbor. Throws a SystemError, ENODEV without such a link. */
  resolve(link: number, address: IpAddress): void {
    // struct ndmsg: family u8@0, link i32@4, state u16@8, flags u8@10.
    const fixed = new Uint8Array(12);
    fixed[0] = address.family === 4 ? 2 : 10;
    viewOf(fixed).setInt32(4, link, true);
    fixed[10] = NTF_USE;
    const value = new Uint8Array(bits(address.family) / 8);
    writeIpAddress(value, 0, address);
    const flags = REQUEST | ACKNOWLEDGE | CREATE;
    this.#questions.ask(NEW_NEIGHBOR, flags, fixed, [[1, value]], "rtnetlink resolve");
  }

  /** May be called twice. */
  close(): void {
    this.#questions.close();
    this.#events.close();
  }

  #dumpKind<T extends Fact>(kind: T["kind"], type: number): T[] {
    const what = `rtnetlink ${kind}s`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // 16 bytes of zeros mean: all.
      const all = new Uint8Array(16);
      const answer = this.#questions.ask(type + GET, REQUEST | DUMP, all, [], what);
      if (answer === undefined) continue;
      const facts = changesIn(answer).map(({ fact }) => fact);
      return facts.filter((fact): fact is T => fact.kind === kind);
    }
    throw new SystemError(what, EINTR);
  }
}

function changesIn(messages: readonly NetlinkMessage[]): Change[] {
  return messages.flatMap((message) => parseChange(message) ?? []);
}

/** Routes through an address or a link that goes away vanish unannounced. */
function takesRoutesWithIt({ fact, gone }: Change): boolean {
  return (gone && fact.kind === "address") || (fact.kind === "link" && (gone || !fact.up));
}
