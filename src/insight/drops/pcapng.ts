// Samples as a capture: each packet with a comment that says why it was dropped.

import { LINK_ETHERNET, LINK_RAW } from "../../drivers/capture.ts";
import { PcapngWriter } from "../../drivers/pcapng-write.ts";
import type { Decision } from "../../gateway/outcome.ts";
import { fromHex } from "../../wire/hex.ts";
import type { DropSample } from "./samples.ts";

/** A whole file, in the order of time. `epochMillis`: milliseconds since 1970 when the clock of the
 * gateway was zero. */
export function samplesAsPcapng(samples: readonly DropSample[], epochMillis = 0): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const interfaces = new Map<string, number>();
  for (const sample of [...samples].sort((a, b) => a.millis - b.millis || a.number - b.number)) {
    const key = JSON.stringify([sample.interface, sample.link]);
    const linkType = sample.link === "raw-ip" ? LINK_RAW : LINK_ETHERNET;
    const iface = interfaces.get(key) ?? writer.interface(sample.interface, linkType);
    interfaces.set(key, iface);
    writer.packet({
      iface,
      nanos: BigInt(Math.round((epochMillis + sample.millis) * 1000)) * 1000n,
      bytes: fromHex(sample.frame),
      originalLength: sample.length,
      comment: describeSample(sample),
    });
  }
  return joined(blocks);
}

/** "blue > green dropped at admit: no-mapping. What happened. What to do. Where: expose 1 of …" */
export function describeSample(sample: DropSample): string {
  const { reason, sentence, advice, step, peering } = sample;
  const places = [sample.source, sample.destination, sample.acl].filter((each) => each !== null);
  const where = [...(peering === null ? [] : [`peering ${peering}`]), ...places.map(say)];
  const pair = `${sample.from ?? "?"} > ${sample.to ?? "?"}`;
  const said = `${pair} dropped at ${step}: ${reason}. ${sentence} ${advice}`;
  return where.length > 0 ? `${said} Where: ${where.join(", ")}.` : said;
}

function say({ label, place }: Decision): string {
  return `${label} (${place.file}:${place.line}:${place.column})`;
}

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    result.set(block, at);
    at += block.length;
  }
  return result;
}
