import assert from "node:assert/strict";
import { test } from "node:test";
import { type Unfinished, unfinished } from "../../../tests/live/unfinished.ts";
import { offloadBits } from "../../../tests/support/whole-row.ts";
import { FIRST_REDUCES, UNFINISHED } from "../../packet/offload.ts";

const TCP4 = "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack df";
const TCP6 = "tcp [2001:db8::1]:1000 > [2001:db8::2]:80 ack";
const UDP4 = "udp 10.0.0.1:1000 > 10.0.0.2:53 df";
const UDP6 = "udp [2001:db8::1]:1000 > [2001:db8::2]:53";

const WHOLE: readonly [string, number, number, number][] = [
  [TCP4, 9000, 1448, UNFINISHED | 1448],
  [TCP6, 9000, 1428, UNFINISHED | 1428],
  [UDP4, 9000, 1472, UNFINISHED | 1472],
  [UDP6, 9000, 1452, UNFINISHED | 1452],
  ["tcp 10.0.0.1:1000 > 10.0.0.2:80 ack,cwr df", 9000, 1448, UNFINISHED | FIRST_REDUCES | 1448],
  [TCP4, 0, 0, UNFINISHED],
  [UDP6, 7, 0, UNFINISHED],
];

test("what may pass whole, and what is left to do then", () => {
  for (const [text, payload, segment, bits] of WHOLE) {
    assert.equal(offloadBits(unfinished(text, payload, segment)), bits, text);
  }
});

/** The same with some of its bytes changed: [offset in the frame or, negative, header; value]. */
function changed(sent: Unfinished, ...bytes: readonly (readonly [number, number])[]): Unfinished {
  const copy = { header: sent.header.slice(), frame: sent.frame.slice() };
  for (const [at, value] of bytes) {
    if (at < 0) copy.header[10 + at] = value;
    else copy.frame[at] = value;
  }
  return copy;
}

test("what has to be finished at once", () => {
  const whole = unfinished(TCP4, 9000, 1448);
  const refused: readonly [string, Unfinished][] = [
    ["it may be fragmented", unfinished(TCP4.replace(" df", ""), 9000, 1448)],
    ["it may be fragmented, and is one", unfinished(UDP4.replace(" df", ""), 9, 0)],
    ["it is a fragment", changed(whole, [20, 0x60])],
    ["its checksum is finished", changed(whole, [-10, 0])],
    ["segments of nothing", changed(whole, [-6, 0], [-5, 0])],
    ["another kind", changed(whole, [-9, 4])],
    ["a kind that is not known", changed(whole, [-9, 3])],
    ["the checksum is of something else", changed(whole, [-4, 54])],
    ["another checksum", changed(whole, [-2, 6])],
    ["the frame is longer than the packet", changed(whole, [17, whole.frame[17]! - 1])],
    ["not TCP", changed(whole, [23, 47])],
    ["not IP", changed(whole, [12, 0x86])],
    ["a VLAN tag inside", unfinished(TCP4, 9000, 1448, [7])],
    ["a header that is not there", changed(unfinished(TCP4, 0, 0), [46, 0xf0])],
    ["a tunnel, perhaps", unfinished("udp 10.0.0.1:1000 > 10.0.0.2:4789 df", 90, 0)],
  ];
  for (const [why, sent] of refused) assert.equal(offloadBits(sent), 0, why);
});
