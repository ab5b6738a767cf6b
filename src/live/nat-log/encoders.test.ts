import assert from "node:assert/strict";
import { test } from "node:test";
import { IpfixEncoder } from "./ipfix.ts";
import { jsonLine, jsonMark } from "./json-lines.ts";
import type { NatRecord } from "./record.ts";
import { syslogMessage } from "./syslog.ts";

const NOON = Date.UTC(2026, 10, 25, 12);

const END: NatRecord = {
  event: "flow-end",
  millis: NOON + 1100,
  family: 4,
  protocol: 6,
  from: 101,
  to: 102,
  source: { address: Uint8Array.of(10, 0, 0, 4), port: 3000 },
  public: { address: Uint8Array.of(198, 51, 100, 7), port: 40001 },
  cause: "closed",
  packets: [5, 0xffffffff],
  bytes: [500, 4000],
};
const DESTINED: NatRecord = {
  ...END,
  event: "flow-begin",
  cause: undefined,
  destination: { address: Uint8Array.of(203, 0, 113, 8), port: 80 },
  newDestination: { address: Uint8Array.of(10, 0, 0, 8), port: 8080 },
};
const SIX: NatRecord = {
  ...END,
  event: "endpoint-begin",
  family: 6,
  cause: undefined,
  source: { address: Uint8Array.of(0x20, 1, 13, 184, ...new Array(12).fill(0)), port: 1 },
  public: { address: Uint8Array.of(0x20, 1, 13, 184, ...new Array(11).fill(0), 7), port: 2 },
};
const nameOf = (vni: number) => (vni === 101 ? "blue" : undefined);

test("a JSON line has what is known, and the public endpoint as one text", () => {
  assert.equal(
    jsonLine(END, nameOf),
    '{"time":"2026-11-25T12:00:01.100Z","event":"flow-end","protocol":"tcp","from":"blue",' +
      '"fromVni":101,"toVni":102,"source":"10.0.0.4:3000","public":"198.51.100.7:40001",' +
      '"cause":"closed","packets":[5,4294967295],"bytes":[500,4000]}\n',
  );
  const { destination, newDestination, packets } = JSON.parse(jsonLine(DESTINED, nameOf));
  assert.deepEqual(
    [destination, newDestination, packets],
    ["203.0.113.8:80", "10.0.0.8:8080", undefined],
  );
  assert.match(jsonLine(SIX, nameOf), /"source":"\[2001:db8::\]:1","public":"\[2001:db8::7\]:2"/);
  const mark = jsonMark({ event: "log-lost", records: 7 }, NOON);
  assert.equal(mark, '{"time":"2026-11-25T12:00:00.000Z","event":"log-lost","records":7}\n');
});

test("a syslog message has a header of RFC 5424 and everything as structured data", () => {
  const source = { facility: 16, hostname: "gw 1", pid: 42 };
  assert.equal(
    syslogMessage(END, nameOf, source),
    "<134>1 2026-11-25T12:00:01.100Z gw1 isthmus 42 flow-end [isthmus@32473 " +
      'protocol="tcp" from="blue" fromVni="101" toVni="102" source="10.0.0.4:3000" ' +
      'public="198.51.100.7:40001" cause="closed" packetsOut="5" packetsBack="4294967295" ' +
      'bytesOut="500" bytesBack="4000"]',
  );
  const odd = syslogMessage(END, () => 'a"b]c\\d', { ...source, hostname: "ä" });
  assert.match(odd, /^<134>1 \S+ - isthmus 42 .* from="a\\"b\\]c\\\\d" /);
});

/** Header fields, then id and length of each set. */
function outline(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer);
  assert.equal(view.getUint16(0), 10);
  assert.equal(view.getUint16(2), bytes.length);
  const sets: [number, number][] = [];
  for (let at = 16; at < bytes.length; at += view.getUint16(at + 2)) {
    sets.push([view.getUint16(at), view.getUint16(at + 2)]);
  }
  return { seconds: view.getUint32(4), sequence: view.getUint32(8), sets };
}

test("IPFIX: templates first and every minute, data in sets of one template", () => {
  const encoder = new IpfixEncoder();
  const first = encoder.encode([END, END, SIX, DESTINED], NOON);
  assert.deepEqual(
    first.map(({ records }) => records),
    [0, 4],
  );
  const [templates, data] = first.map(({ bytes }) => outline(bytes));
  assert.deepEqual(
    templates!.sets.map(([id]) => id),
    [2],
  );
  assert.deepEqual(data!.sets, [
    [258, 4 + 2 * 64],
    [257, 4 + 55],
    [260, 4 + 43],
  ]);
  assert.deepEqual([templates!.seconds, templates!.sequence], [NOON / 1000, 0]);
  assert.equal(encoder.encode([], NOON + 59_999).length, 0);
  assert.equal(encoder.encode([], NOON + 60_000).length, 1);
  // The clock of the day was set back.
  assert.equal(encoder.encode([], NOON - 1).length, 1);
});

test("IPFIX: messages fit into a frame, and are numbered by the records before", () => {
  const encoder = new IpfixEncoder();
  const records = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? SIX : END));
  const [, ...messages] = encoder.encode(records, NOON);
  let before = 0;
  for (const { bytes, records } of messages) {
    assert.ok(bytes.length <= 1400);
    assert.equal(outline(bytes).sequence, before);
    before += records;
  }
  assert.equal(before, 100);
  assert.ok(messages.length <= 6, `${messages.length}`);
});
