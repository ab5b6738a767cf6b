// Data path.
// Datagrams that come in fragments (RFC 791, 3.2; RFC 8200, 4.5): which parts have come, what the
// first one says about ports, and who waits for it. Nothing is put together here; the table only
// knows what a datagram's fragments have in common (RFC 4787, REQ-14).
//
// Everything has a limit, in all and for each VPC, and a datagram is forgotten after a while. Who
// waits is handed back in any case: when the first fragment comes, or with the reason why not.

import { Arena, type Memory } from "../base/arena.ts";
import { FragmentParts } from "./fragment-parts.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** VNI << 8 | protocol (0 for IPv6), identification, source, destination (four words each, the rest
 * 0 for IPv4), family. */
export const DATAGRAM_KEY_WORDS = 11;

// States of a datagram.
/** Its first fragment has not come. */
export const HEADLESS = 1;
/** It has: the columns below are known. */
export const HEADED = 2;
/** Whatever else comes of it is dropped, for its reason. */
export const REFUSED = 3;
/** Forgotten; somebody who waited for it has not been handed back yet. */
const GONE = 4;

/** Frames that wait for one datagram, at most. */
const WAITING_EACH = 64;
/** No VPC has more than this part of what there is. */
const SHARE = 4;
const ENTRY_WORDS = 12;
const NONE = -1;

export interface FragmentTableOptions {
  /** Most datagrams, and most waiting frames, at a time. */
  readonly datagrams: number;
  readonly waiting: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
  /** The reason given to who has waited in vain. */
  readonly late: number;
}

/** What a configuration allows, within what there is. */
export interface FragmentLimits {
  readonly timeoutTicks: number;
  readonly datagrams: number;
  readonly waiting: number;
  /** By VPC index. */
  readonly vnis: readonly number[];
}

export class FragmentTable {
  readonly capacity: number;
  /** The key that the next `find` or `open` is about. */
  readonly key = new Int32Array(DATAGRAM_KEY_WORDS);
  readonly room: WaitingRoom;
  readonly parts: FragmentParts;
  /** By datagram. */
  readonly state: Uint8Array;
  /** Why it was refused: a drop code. */
  readonly reason: Uint8Array;
  /** What its first fragment says: protocol, ports or query identifier (-1: none), flags. */
  readonly protocol: Int32Array;
  readonly sourcePort: Int32Array;
  readonly destinationPort: Int32Array;
  readonly queryId: Int32Array;
  readonly flags: Int32Array;
  /** The identification that its fragments leave with, once `renamed` is 1. */
  readonly newId: Int32Array;
  readonly renamed: Uint8Array;
  /** Datagrams known. */
  count = 0;
  readonly #slab: KeyedSlab;
  readonly #late: number;
  readonly #since: Int32Array;
  readonly #account: Int32Array;
  readonly #waiting: Int32Array;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  /** Neighbours in the order of age. */
  readonly #older: Int32Array;
  readonly #younger: Int32Array;
  #oldest = NONE;
  #youngest = NONE;
  readonly #free: Int32Array;
  #freeCount: number;
  /** Those of which everything has come: their columns stay until the next `pass`. */
  readonly #complete: Int32Array;
  #completeCount = 0;
  /** Frames that wait no longer, in order. */
  #readyHead = NONE;
  #readyTail = NONE;
  #timeout = 0;
  #datagramLimit = 0;
  #waitingLimit = 0;
  /** By VPC index, and one more for VPCs that are gone. */
  #datagramsOf = new Int32Array(1);
  #waitingOf = new Int32Array(1);

  constructor({ datagrams, waiting, memory, hashKey, late }: FragmentTableOptions) {
    this.capacity = datagrams;
    this.#late = late;
    this.room = new WaitingRoom(waiting, memory);
    this.#slab = new KeyedSlab({
      capacity: datagrams,
      entryWords: ENTRY_WORDS,
      keyWords: DATAGRAM_KEY_WORDS,
      memory,
      hashKey,
    });
    const arena = new Arena((FragmentParts.bytesEach + 4 * 17) * datagrams + 2048, memory);
    this.parts = new FragmentParts(arena, datagrams);
    this.state = arena.uint8(datagrams);
    this.reason = arena.uint8(datagrams);
    this.renamed = arena.uint8(datagrams);
    this.protocol = arena.int32(datagrams);
    this.sourcePort = arena.int32(datagrams);
    this.destinationPort = arena.int32(datagrams);
    this.queryId = arena.int32(datagrams);
    this.flags = arena.int32(datagrams);
    this.newId = arena.int32(datagrams);
    this.#since = arena.int32(datagrams);
    this.#account = arena.int32(datagrams);
    this.#waiting = arena.int32(datagrams);
    this.#head = arena.int32(datagrams);
    this.#tail = arena.int32(datagrams);
    this.#older = arena.int32(datagrams);
    this.#younger = arena.int32(datagrams);
    this.#complete = arena.int32(datagrams);
    this.#free = arena.int32(datagrams);
    for (let i = 0; i < datagrams; i++) this.#free[i] = datagrams - 1 - i;
    this.#freeCount = datagrams;
  }

  /** The datagram of `key`, or -1. */
  find(): number {
    return this.#slab.find(this.key, 0, this.#slab.hash(this.key, 0));
  }

  /** A new datagram with that key, of a VPC; -1 when there are too many. */
  open(vpc: number, tick: number): number {
    const most = share(this.#datagramLimit);
    if (this.count >= this.#datagramLimit || this.#freeCount === 0) return NONE;
    if (this.#datagramsOf[vpc]! >= most) return NONE;
    const datagram = this.#free[--this.#freeCount]!;
    const at = datagram * ENTRY_WORDS;
    for (let i = 0; i < DATAGRAM_KEY_WORDS; i++) this.#slab.words[at + i] = this.key[i]!;
    this.#slab.link(datagram, this.#slab.hash(this.key, 0));
    this.parts.clear(datagram);
    this.state[datagram] = HEADLESS;
    this.renamed[datagram] = 0;
    this.#since[datagram] = tick;
    this.#account[datagram] = vpc;
    this.#waiting[datagram] = 0;
    this.#head[datagram] = NONE;
    this.#tail[datagram] = NONE;
    this.#older[datagram] = this.#youngest;
    this.#younger[datagram] = NONE;
    if (this.#youngest >= 0) this.#younger[this.#youngest] = datagram;
    else this.#oldest = datagram;
    this.#youngest = datagram;
    this.#datagramsOf[vpc] = this.#datagramsOf[vpc]! + 1;
    this.count++;
    return datagram;
  }

  /** Keeps the frame of `length` bytes at word `from` until the first fragment comes; its cell, or
   * -1 when too many wait. */
  hold(
    datagram: number,
    words: Int32Array,
    from: number,
    length: number,
    rxInterface: number,
  ): number {
    const vpc = this.#account[datagram]!;
    const { room } = this;
    const full =
      room.count >= this.#waitingLimit ||
      this.#waitingOf[vpc]! >= share(this.#waitingLimit) ||
      this.#waiting[datagram]! >= WAITING_EACH;
    if (full) return NONE;
    const cell = room.store(words, from, length, rxInterface);
    if (cell < 0) return NONE;
    room.owner[cell] = datagram;
    if (this.#tail[datagram]! >= 0) room.next[this.#tail[datagram]!] = cell;
    else this.#head[datagram] = cell;
    this.#tail[datagram] = cell;
    this.#waiting[datagram] = this.#waiting[datagram]! + 1;
    this.#waitingOf[vpc] = this.#waitingOf[vpc]! + 1;
    return cell;
  }

  /** The first fragment has come, and its columns are written: nobody waits any more. */
  admit(datagram: number): void {
    this.state[datagram] = HEADED;
    this.#handBack(datagram, 0);
  }

  /** Nothing of the datagram passes any more, for this reason. */
  refuse(datagram: number, reason: number): void {
    this.state[datagram] = REFUSED;
    this.reason[datagram] = reason;
    this.#handBack(datagram, reason);
  }

  /** To be told when all of it has come: whatever else has its key is of another one. */
  finish(datagram: number): void {
    this.#slab.unlink(datagram);
    this.#complete[this.#completeCount++] = datagram;
  }

  /** The next frame that waits no longer, to be loaded and freed; -1 when there is none. */
  get ready(): number {
    return this.#readyHead;
  }

  /** Takes it out. */
  takeReady(): void {
    const { room } = this;
    const cell = this.#readyHead;
    const datagram = room.owner[cell]!;
    const vpc = this.#account[datagram]!;
    this.#readyHead = room.next[cell]!;
    if (this.#readyHead < 0) this.#readyTail = NONE;
    this.#waitingOf[vpc] = this.#waitingOf[vpc]! - 1;
    this.#waiting[datagram] = this.#waiting[datagram]! - 1;
    room.free(cell);
    if (this.state[datagram]! === GONE && this.#waiting[datagram]! === 0) this.#release(datagram);
  }

  /** Time passes, between two batches: what is complete or too old is forgotten. */
  pass(tick: number): void {
    let kept = 0;
    for (let i = 0; i < this.#completeCount; i++) {
      const datagram = this.#complete[i]!;
      // Somebody who was handed back has had no room yet to go on.
      if (this.#waiting[datagram]! > 0) this.#complete[kept++] = datagram;
      else this.#forget(datagram);
    }
    this.#completeCount = kept;
    while (this.#oldest >= 0 && ((tick - this.#since[this.#oldest]!) | 0) >= this.#timeout) {
      const datagram = this.#oldest;
      if (this.parts.complete(datagram)) this.#withdraw(datagram);
      this.#handBack(datagram, this.#late);
      this.#forget(datagram);
    }
  }

  /** Other limits, and other VPCs, from now on. What is there stays. */
  setLimits({ timeoutTicks, datagrams, waiting, vnis }: FragmentLimits): void {
    this.#timeout = timeoutTicks;
    this.#datagramLimit = Math.min(datagrams, this.capacity);
    this.#waitingLimit = Math.min(waiting, this.room.capacity);
    this.#datagramsOf = new Int32Array(vnis.length + 1);
    this.#waitingOf = new Int32Array(vnis.length + 1);
    for (let datagram = 0; datagram < this.capacity; datagram++) {
      if (this.state[datagram]! === 0) continue;
      const vni = this.#slab.words[datagram * ENTRY_WORDS]! >>> 8;
      const found = vnis.indexOf(vni);
      const vpc = found < 0 ? vnis.length : found;
      this.#account[datagram] = vpc;
      this.#datagramsOf[vpc] = this.#datagramsOf[vpc]! + 1;
      this.#waitingOf[vpc] = this.#waitingOf[vpc]! + this.#waiting[datagram]!;
    }
  }

  /** Everybody who waits for the datagram goes to the end of those who do not. */
  #handBack(datagram: number, reason: number): void {
    const { room } = this;
    const head = this.#head[datagram]!;
    if (head < 0) return;
    for (let cell = head; cell >= 0; cell = room.next[cell]!) room.reason[cell] = reason;
    if (this.#readyTail >= 0) room.next[this.#readyTail] = head;
    else this.#readyHead = head;
    this.#readyTail = this.#tail[datagram]!;
    this.#head[datagram] = NONE;
    this.#tail[datagram] = NONE;
  }

  /** Takes it from the complete ones. */
  #withdraw(datagram: number): void {
    let kept = 0;
    for (let i = 0; i < this.#completeCount; i++) {
      if (this.#complete[i]! !== datagram) this.#complete[kept++] = this.#complete[i]!;
    }
    this.#completeCount = kept;
  }

  /** Its key is free for another, if it was not yet. */
  #forget(datagram: number): void {
    if (!this.parts.complete(datagram)) this.#slab.unlink(datagram);
    const older = this.#older[datagram]!;
    const younger = this.#younger[datagram]!;
    if (older >= 0) this.#younger[older] = younger;
    else this.#oldest = younger;
    if (younger >= 0) this.#older[younger] = older;
    else this.#youngest = older;
    this.state[datagram] = GONE;
    if (this.#waiting[datagram]! === 0) this.#release(datagram);
  }

  #release(datagram: number): void {
    const vpc = this.#account[datagram]!;
    this.state[datagram] = 0;
    this.#datagramsOf[vpc] = this.#datagramsOf[vpc]! - 1;
    this.#free[this.#freeCount++] = datagram;
    this.count--;
  }
}

function share(limit: number): number {
  return Math.ceil(limit / SHARE);
}
