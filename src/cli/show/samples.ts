// `show drops --samples`: the last packets that were dropped, each with what became of it.

import type { ApiDropSample } from "../api-types.ts";
import { bold, dim, type Screen, wrap } from "../print-table.ts";

const INDENT = "    ";

/** The newest last, where the eye is. */
export function samplesText(samples: readonly ApiDropSample[], io: Screen): string {
  if (samples.length === 0) return "No dropped packet is kept of that kind.\n";
  return samples
    .toReversed()
    .map((sample) => sampleText(sample, io))
    .join("\n");
}

function sampleText(sample: ApiDropSample, io: Screen): string {
  const { reason, time, from, to, step, interface: name, packet, around, length } = sample;
  const places = [sample.source, sample.destination, sample.acl]
    .filter((each) => each !== null)
    .map(({ label, place }) => `${label} (${place.file}:${place.line}:${place.column})`);
  const where = sample.peering === null ? places : [`peering ${sample.peering}`, ...places];
  const width = (io.columns ?? Number.POSITIVE_INFINITY) - INDENT.length;
  const said = [
    ...(packet === "" || around === "" ? [] : [`Frame: ${around}`]),
    `${sample.sentence} ${sample.advice}`,
    ...(where.length > 0 ? [`Where: ${where.join(", ")}.`] : []),
  ].flatMap((text) => wrap(text, width));
  return [
    ...wrap(packet || around || "An empty frame", io.columns, INDENT).map((line) => bold(line, io)),
    `${INDENT}${reason}, ${from ?? "?"} > ${to ?? "?"}, at ${step}, came by ${name}, ${length} bytes`,
    ...said.map((line) => `${INDENT}${line}`),
    dim(`${INDENT}${time}`, io),
    "",
  ].join("\n");
}
