// Sends by an interface as fast as one core can, for a fixed time: a process of its own. The kernel
// makes the frames itself, running a program that writes their headers (BPF_PROG_TEST_RUN with live
// frames, Linux 5.18); a sendmmsg loop is half as fast.
//
//   node sender.ts {"interface":…,"scenario":…,"length":…,"seconds":…}
//
// Ends by itself, about in time.

import { type Instruction, loadProgram } from "../../src/drivers/linux/bpf.ts";
import { findInterface } from "../../src/drivers/linux/interface.ts";
import { loadSystem, type System } from "../../src/drivers/linux/sys.ts";
import { must } from "../../src/drivers/linux/system-error.ts";
import { FLOWS, type FrameTemplate, frameTemplate } from "./frames.ts";
import type { Scenario } from "./topology.ts";

export interface Sending {
  readonly interface: string;
  readonly scenario: Scenario;
  readonly length: number;
  readonly seconds: number;
}

const PROGRAM_XDP = 6;
const PROGRAM_TEST_RUN = 10;
const LIVE_FRAMES = 2;
const REDIRECT = 23;
const RANDOM = 7;
/** Frames that are made, then sent, together. */
const BATCH = 64;

/** Writes headers over what the last user of the memory left, and sends by interface `index`. */
function program({ bytes, headers, fields }: FrameTemplate, index: number): Instruction[] {
  const view = new DataView(bytes.buffer);
  const words = Array.from({ length: headers / 4 }, (_, i): Instruction => {
    return [0x62, 6, 4 * i, view.getInt32(4 * i, true)]; // *(u32 *)(r6 + 4 i) = …
  });
  const writes = fields.flatMap(({ at, first, step }): Instruction[] => [
    [0xb7, 2, 0, first], // r2 = first
    [step > 0 ? 0x0f : 0x1f, 0x72, 0, 0], // r2 += or -= r7
    [0xdc, 2, 0, 16], // to network order
    [0x6b, 0x26, at, 0], // *(u16 *)(r6 + at) = r2
  ]);
  const body: Instruction[] = [
    [0x85, 0, 0, RANDOM],
    [0xbf, 0x07, 0, 0], // r7 = r0
    [0x57, 7, 0, FLOWS - 1], // r7 &= FLOWS - 1
    ...words,
    ...writes,
    [0xb7, 1, 0, index],
    [0xb7, 2, 0, 0],
    [0x85, 0, 0, REDIRECT],
    [0x95, 0, 0, 0], // exit
  ];
  return [
    [0x61, 0x16, 0, 0], // r6 = data
    [0x61, 0x13, 4, 0], // r3 = end of data
    [0xbf, 0x62, 0, 0], // r2 = r6
    [0x07, 2, 0, headers], // r2 += headers
    [0xb7, 0, 0, 0],
    [0x2d, 0x32, body.length - 1, 0], // if r2 > r3 exit
    ...body,
  ];
}

/** Attributes of a test run: union bpf_attr. */
function testRun(system: System, fd: number, frame: Uint8Array, repeat: number): Uint8Array {
  const attributes = new Uint8Array(128);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, fd, true);
  view.setUint32(8, frame.length, true);
  view.setBigUint64(16, system.addressOf(frame), true);
  view.setUint32(32, repeat, true);
  view.setUint32(64, LIVE_FRAMES, true);
  view.setUint32(72, BATCH, true);
  return attributes;
}

/** Frames of the first call, from which the rate is known. */
const FIRST = 131_072;

const { interface: name, scenario, length, seconds } = JSON.parse(process.argv[2] ?? "") as Sending;
const system = await loadSystem();
const template = frameTemplate(scenario, length);
const code = program(template, findInterface(system, name).index);
const fd = loadProgram(system, PROGRAM_XDP, code, "the sender's program");

// Between two calls is a pause of some hundredths of a second, so they become few and long.
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
let frames = 0;
for (let repeat = FIRST; elapsed() < seconds; ) {
  must(system.bpf(PROGRAM_TEST_RUN, testRun(system, fd, template.bytes, repeat)), "live frames");
  frames += repeat;
  repeat = Math.ceil(Math.max(FIRST, (frames / elapsed()) * (seconds - elapsed())));
}
