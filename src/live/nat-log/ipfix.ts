// A NAT log as IPFIX messages (RFC 7011) with the information elements of RFC 8158. By UDP nobody
// tells whether templates have come, so they are sent again and again (RFC 7011, 8.4).

import { type Field, layoutOf, type Template, templates } from "./ipfix-templates.ts";
import type { NatRecord } from "./record.ts";

const VERSION = 10;
const HEADER_BYTES = 16;
const SET_HEADER_BYTES = 4;
const TEMPLATE_SET = 2;
/** Fits into an Ethernet frame, with IPv6 and tunnels around it. */
const MESSAGE_MAX = 1400;
const TEMPLATES_MILLIS = 60_000;
/** The only one of this process. */
const DOMAIN = 1;

export interface IpfixMessage {
  readonly bytes: Uint8Array;
  /** How many are in it. */
  readonly records: number;
}

export class IpfixEncoder {
  /** Data records sent before, modulo 2^32. */
  #sequence = 0;
  #templatesAt = Number.NEGATIVE_INFINITY;

  /** As many messages as it takes, templates among them when they are due; `now` in milliseconds
   * since 1970. */
  encode(records: readonly NatRecord[], now: number): IpfixMessage[] {
    const messages: IpfixMessage[] = [];
    if (now - this.#templatesAt >= TEMPLATES_MILLIS || now < this.#templatesAt) {
      this.#templatesAt = now;
      messages.push(this.#message([templateSet()], 0, now));
    }
    for (let first = 0; first < records.length; ) {
      const { sets, count } = dataSets(records, first);
      messages.push(this.#message(sets, count, now));
      first += count;
    }
    return messages;
  }

  #message(sets: readonly Uint8Array[], records: number, now: number): IpfixMessage {
    const length = HEADER_BYTES + sets.reduce((sum, set) => sum + set.length, 0);
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, VERSION);
    view.setUint16(2, length);
    view.setUint32(4, Math.floor(now / 1000));
    view.setUint32(8, this.#sequence);
    view.setUint32(12, DOMAIN);
    let at = HEADER_BYTES;
    for (const set of sets) {
      bytes.set(set, at);
      at += set.length;
    }
    this.#sequence = (this.#sequence + records) >>> 0;
    return { bytes, records };
  }
}

/** A set of all templates. */
function templateSet(): Uint8Array {
  const fields = templates.reduce((sum, { fields }) => sum + fields.length, 0);
  const bytes = new Uint8Array(SET_HEADER_BYTES + 4 * templates.length + 4 * fields);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, TEMPLATE_SET);
  view.setUint16(2, bytes.length);
  let at = SET_HEADER_BYTES;
  for (const { id, fields } of templates) {
    view.setUint16(at, id);
    view.setUint16(at + 2, fields.length);
    at += 4;
    for (const { element, length } of fields) {
      view.setUint16(at, element);
      view.setUint16(at + 2, length);
      at += 4;
    }
  }
  return bytes;
}

/** What one message holds of the records from `first` on: a set for each run of one template. */
function dataSets(records: readonly NatRecord[], first: number) {
  const sets: Uint8Array[] = [];
  let room = MESSAGE_MAX - HEADER_BYTES;
  let at = first;
  while (at < records.length) {
    const template = layoutOf(records[at]!);
    const fit = Math.floor((room - SET_HEADER_BYTES) / template.bytes);
    let count = 0;
    while (count < fit && at + count < records.length) {
      if (layoutOf(records[at + count]!) !== template) break;
      count++;
    }
    if (count === 0) break;
    const set = dataSet(template, records.slice(at, at + count));
    sets.push(set);
    room -= set.length;
    at += count;
  }
  return { sets, count: at - first };
}

function dataSet(template: Template, records: readonly NatRecord[]): Uint8Array {
  const bytes = new Uint8Array(SET_HEADER_BYTES + records.length * template.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, template.id);
  view.setUint16(2, bytes.length);
  let at = SET_HEADER_BYTES;
  for (const record of records) {
    for (const field of template.fields) {
      writeField(view, at, field, record);
      at += field.length;
    }
  }
  return bytes;
}

function writeField(view: DataView, at: number, { length, value }: Field, record: NatRecord): void {
  const given = value(record);
  if (typeof given !== "number") {
    new Uint8Array(view.buffer, view.byteOffset + at, length).set(given);
    return;
  }
  if (length === 1) view.setUint8(at, given);
  else if (length === 2) view.setUint16(at, given);
  else if (length === 4) view.setUint32(at, given);
  else view.setBigUint64(at, BigInt(given));
}
