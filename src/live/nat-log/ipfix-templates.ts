// Which information elements a NAT log has, in which order: a template for each kind of record.
// Numbers as IANA registers them (ipfix); what stands for what is RFC 8158, 5.

import type { Endpoint, NatEvent, NatRecord } from "./record.ts";

export interface Field {
  /** Number of the information element. */
  readonly element: number;
  /** Bytes. */
  readonly length: number;
  readonly value: (record: NatRecord) => number | Uint8Array;
}

export interface Template {
  readonly id: number;
  readonly fields: readonly Field[];
  /** Of a record. */
  readonly bytes: number;
}

/** natEvent. There are none for IPv6 on both sides; 1 and 2, "create" and "delete" of old, say
 * nothing of families. */
const NAT_EVENTS: Readonly<Record<NatEvent, Readonly<Record<4 | 6, number>>>> = {
  "flow-begin": { 4: 4, 6: 1 },
  "flow-end": { 4: 5, 6: 2 },
  "endpoint-begin": { 4: 8, 6: 1 },
  "endpoint-end": { 4: 9, 6: 2 },
};

/** natOriginatingAddressRealm: the side that hides its addresses is the private one. */
const PRIVATE = 1;
const PUBLIC = 2;

/** flowEndReason (RFC 5102): idle timeout, end detected, forced end. */
const END_REASONS = { idle: 1, closed: 3, reset: 3, revoked: 4 } as const;

const NOBODY: Endpoint = { address: new Uint8Array(16), port: 0 };

function common(family: 4 | 6): Field[] {
  const [source, published] = family === 4 ? [8, 225] : [27, 281];
  const length = family === 4 ? 4 : 16;
  return [
    { element: 323, length: 8, value: ({ millis }) => millis },
    { element: 230, length: 1, value: ({ event }) => NAT_EVENTS[event][family] },
    { element: 229, length: 1, value: (record) => (isHidden(record) ? PRIVATE : PUBLIC) },
    { element: 4, length: 1, value: ({ protocol }) => protocol },
    // ingressVRFID and egressVRFID: the VNIs.
    { element: 234, length: 4, value: ({ from }) => from },
    { element: 235, length: 4, value: ({ to }) => to },
    { element: source, length, value: (record) => record.source.address },
    { element: 7, length: 2, value: (record) => record.source.port },
    { element: published, length, value: (record) => record.public.address },
    { element: 227, length: 2, value: (record) => record.public.port },
  ];
}

function isHidden({ source, public: published }: NatRecord): boolean {
  if (source.port !== published.port) return true;
  return source.address.some((byte, index) => byte !== published.address[index]);
}

/** flowEndReason; initiator's and responder's packets and octets. */
const ENDING: readonly Field[] = [
  { element: 136, length: 1, value: ({ cause }) => (cause === undefined ? 0 : END_REASONS[cause]) },
  { element: 298, length: 8, value: ({ packets }) => packets[0] },
  { element: 299, length: 8, value: ({ packets }) => packets[1] },
  { element: 231, length: 8, value: ({ bytes }) => bytes[0] },
  { element: 232, length: 8, value: ({ bytes }) => bytes[1] },
];

function destination(family: 4 | 6): Field[] {
  const [before, after] = family === 4 ? [12, 226] : [28, 282];
  const length = family === 4 ? 4 : 16;
  const there = (record: NatRecord) => record.destination ?? NOBODY;
  const changed = (record: NatRecord) => record.newDestination ?? NOBODY;
  return [
    { element: before, length, value: (record) => there(record).address },
    { element: 11, length: 2, value: (record) => there(record).port },
    { element: after, length, value: (record) => changed(record).address },
    { element: 228, length: 2, value: (record) => changed(record).port },
  ];
}

/** Numbers below are those of sets. */
const FIRST_ID = 256;

/** By family, whether a flow has ended, and whether there are destinations. */
export const templates: readonly Template[] = Array.from({ length: 8 }, (_, index) => {
  const family = (index & 1) === 0 ? 4 : 6;
  const ending = (index & 2) === 0 ? [] : ENDING;
  const destined = (index & 4) === 0 ? [] : destination(family);
  const fields = [...common(family), ...destined, ...ending];
  const bytes = fields.reduce((sum, { length }) => sum + length, 0);
  return { id: FIRST_ID + index, fields, bytes };
});

export function layoutOf({ family, event, destination }: NatRecord): Template {
  const six = family === 6 ? 1 : 0;
  const end = event === "flow-end" ? 2 : 0;
  return templates[six | end | (destination === undefined ? 0 : 4)]!;
}
