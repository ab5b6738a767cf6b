// A strict reader of the text format of Prometheus (version 0.0.4): what it accepts, any scraper
// does. It throws with the line that is wrong.

import assert from "node:assert/strict";

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;
const NUMBER = /^(?:[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?)|[-+]?Inf|NaN)$/;
const SAMPLE = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/;

export function parsePrometheus(text: string): Map<string, ParsedFamily> {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map<
    string,
    { name: string; type: string; help: string; samples: ParsedSample[] }
  >();
  let current: { name: string; type: string; help: string; samples: ParsedSample[] } | undefined;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment?.[1] === "HELP") {
      const [, , name = "", help = ""] = comment;
      assert.match(name, NAME, line);
      assert.ok(!families.has(name), `${name} is told twice`);
      assert.doesNotMatch(help, /\\(?![\\n])/, line);
      current = { name, type: "", help, samples: [] };
      families.set(name, current);
    } else if (comment?.[1] === "TYPE") {
      const [, , name, type = ""] = comment;
      assert.equal(name, current?.name, "TYPE follows HELP");
      assert.ok(["counter", "gauge", "histogram"].includes(type), line);
      current!.type = type;
    } else {
      const sample = parseSample(line);
      assert.ok(current !== undefined && current.type !== "", `before its family: ${line}`);
      assert.ok(
        belongs(sample.name, current.name, current.type),
        `not of ${current.name}: ${line}`,
      );
      const key = `${sample.name} ${JSON.stringify([...sample.labels].sort())}`;
      assert.ok(!seen.has(key), `a series twice: ${line}`);
      seen.add(key);
      if (current.type !== "gauge") assert.ok(sample.value >= 0, line);
      current.samples.push(sample);
    }
  }
  for (const family of families.values()) {
    assert.equal(family.type === "counter", family.name.endsWith("_total"), family.name);
    if (family.type === "histogram") checkHistogram(family);
  }
  return families;
}

function parseSample(line: string): ParsedSample {
  const [, name = "", rest = "", number = ""] =
    SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
  assert.match(name, NAME, line);
  assert.match(number, NUMBER, line);
  const labels = new Map<string, string>();
  for (let left = rest; left !== ""; ) {
    const [all = "", label = "", value = ""] = LABEL.exec(left) ?? assert.fail(`labels: ${line}`);
    assert.ok(!labels.has(label) && !label.startsWith("__"), line);
    labels.set(
      label,
      value.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter)),
    );
    left = left.slice(all.length);
  }
  return { name, labels, value: Number(number.replace("Inf", "Infinity")) };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== "histogram") return sample === family;
  return ["_bucket", "_sum", "_count"].some((end) => sample === family + end);
}

/** Buckets go up, in limits and in counts, to +Inf, which is the count. Of one series. */
function checkHistogram({ name, samples }: ParsedFamily): void {
  const of = (end: string) => samples.filter((each) => each.name === name + end);
  const buckets = of("_bucket").map(({ labels, value }) => {
    return [Number(labels.get("le")!.replace("+Inf", "Infinity")), value] as const;
  });
  assert.ok(buckets.length > 1, name);
  for (const [index, [limit, count]] of buckets.slice(1).entries()) {
    assert.ok(limit > buckets[index]![0] && count >= buckets[index]![1], `${name} up to ${limit}`);
  }
  const [limit, total] = buckets.at(-1)!;
  assert.equal(limit, Number.POSITIVE_INFINITY, name);
  assert.deepEqual(
    of("_count").map(({ value }) => value),
    [total],
    name,
  );
  assert.equal(of("_sum").length, 1, name);
}
