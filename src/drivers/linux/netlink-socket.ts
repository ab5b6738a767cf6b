// A socket of rtnetlink(7): questions with their answers, or what is told unasked.

import { type NetlinkMessage, readMessages, viewOf, writeMessage } from "./netlink-bytes.ts";
import type { Address, System } from "./sys.ts";
import { EAGAIN, EINTR, ENOBUFS, must } from "./system-error.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const MSG_DONTWAIT = 0x40;
/** As large as one answer may be. */
const BUFFER = 256 * 1024;

/** Flags of questions. */
export const REQUEST = 1;
export const ACKNOWLEDGE = 4;
export const DUMP = 0x300;
export const CREATE = 0x400;
/** Of an answer: it changed while it was being told. */
const INTERRUPTED = 0x10;
const ERROR = 2;
const DONE = 3;

export class NetlinkSocket {
  readonly fd: number;
  readonly #system: System;
  readonly #buffer = new Uint8Array(BUFFER);
  readonly #bufferAt: Address;
  #sequence = 0;
  #open = true;

  /** `groups` are those told unasked, as bits. Of the network namespace of the calling thread.
   * Throws a SystemError. */
  constructor(system: System, groups: number) {
    this.#system = system;
    this.#bufferAt = system.addressOf(this.#buffer);
    this.fd = must(system.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE), "rtnetlink socket");
    const address = new Uint8Array(12);
    viewOf(address).setUint16(0, AF_NETLINK, true);
    viewOf(address).setUint32(8, groups, true);
    const bound = system.bind(this.fd, address);
    if (bound < 0) this.close();
    must(bound, "rtnetlink bind");
  }

  /** The messages of the answer; undefined when what was asked for changed meanwhile. Throws a
   * SystemError, `what` and the kernel's reason, when there is none. */
  ask(
    type: number,
    flags: number,
    fixed: Uint8Array,
    attributes: readonly (readonly [number, Uint8Array])[],
    what: string,
  ): NetlinkMessage[] | undefined {
    const sequence = ++this.#sequence;
    const question = writeMessage(type, flags, sequence, fixed, attributes);
    this.#buffer.set(question);
    must(this.#system.send(this.fd, this.#bufferAt, question.length, 0), what);
    const answer: NetlinkMessage[] = [];
    let whole = true;
    for (;;) {
      const got = must(this.#receive(0), what);
      for (const message of readMessages(this.#buffer.slice(0, got))) {
        // A question that failed may have left something behind.
        if (message.sequence !== sequence) continue;
        whole &&= (message.flags & INTERRUPTED) === 0;
        if (message.type !== ERROR && message.type !== DONE) {
          answer.push(message);
          continue;
        }
        must(viewOf(message.body).getInt32(0, true), what);
        return whole ? answer : undefined;
      }
      // The answer to a question for one thing has no end but itself.
      if ((flags & (DUMP | ACKNOWLEDGE)) === 0 && answer.length > 0) return answer;
    }
  }

  /** Messages told unasked since the last time; undefined when some were lost. Throws a
   * SystemError. */
  take(): NetlinkMessage[] | undefined {
    const messages: NetlinkMessage[] = [];
    let lost = false;
    for (;;) {
      const got = this.#receive(MSG_DONTWAIT);
      if (got === -EAGAIN) return lost ? undefined : messages;
      if (got === -ENOBUFS) lost = true;
      else messages.push(...readMessages(this.#buffer.slice(0, must(got, "rtnetlink changes"))));
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#system.close(this.fd);
  }

  #receive(flags: number): number {
    for (;;) {
      const got = this.#system.recv(this.fd, this.#bufferAt, BUFFER, flags);
      if (got !== -EINTR) return got;
    }
  }
}
