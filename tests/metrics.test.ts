// The metrics: text that every scraper reads, with the numbers that were counted; and the page, the
// board and the alert rules that speak of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { metricsPage } from "../scripts/metrics-page.ts";
import { VERSION } from "../src/base/version.ts";
import { FAMILY_GROUPS } from "../src/live/metrics/families.ts";
import { METRICS_CONTENT_TYPE, metricsText } from "../src/live/metrics/metrics-text.ts";
import { readProcess } from "../src/live/metrics/process-facts.ts";
import { metricsFacts } from "./support/metrics-facts.ts";
import { parsePrometheus } from "./support/prometheus-text.ts";
import { root } from "./support/source-files.ts";

const facts = metricsFacts();
const families = FAMILY_GROUPS.flatMap((group) => group.families);

/** The value of the series written so: `name{label="value"}`. */
function seriesOf(text: string): Map<string, number> {
  const result = new Map<string, number>();
  for (const { samples } of parsePrometheus(text).values()) {
    for (const { name, labels, value } of samples) {
      const told = [...labels]
        .filter(([, value]) => value !== "")
        .map(([key, each]) => `${key}=${each}`);
      result.set([name, ...told].join(" "), value);
    }
  }
  return result;
}

test("what is counted is told under its name", async () => {
  const series = seriesOf(await metricsText(facts));
  const expected: Readonly<Record<string, number>> = {
    isthmus_received_packets_total: 5,
    isthmus_sent_packets_total: 3,
    "isthmus_pair_packets_total from=blue to=green": 3,
    "isthmus_pair_bytes_total from=blue to=green": 300,
    "isthmus_pair_dropped_packets_total from=blue to=green": 1,
    "isthmus_dropped_packets_total reason=no-free-port": 1,
    "isthmus_dropped_packets_total reason=no-peering": 1,
    "isthmus_flows_opened_total from=blue to=green": 3,
    "isthmus_flows family=ipv4": 3,
    "isthmus_flows_capacity family=ipv4": 1024,
    "isthmus_vpc_flows vpc=blue": 3,
    "isthmus_vpc_flows vpc=green": 0,
    "isthmus_vpc_flows_limit vpc=blue": 5,
    "isthmus_pool_ports vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 2,
    "isthmus_pool_ports_taken vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 2,
    "isthmus_pool_refused_flows_total vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 1,
    "isthmus_pool_elsewhere_flows_total vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 0,
    "isthmus_pool_fullest_address_ratio vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 1,
    "isthmus_pool_fullest_address_ratio vpc=blue peer=green pool=192.0.2.1/32 protocol=tcp": 0,
    "isthmus_interface_received_frames_total interface=eth1": 31,
    "isthmus_interface_lost_frames_total interface=eth1 direction=receive reason=overrun": 32,
    "isthmus_interface_lost_frames_total interface=eth1 direction=transmit reason=too-long": 37,
    "isthmus_pool_growth_ports_per_second vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 1.5,
    "isthmus_pool_full_in_seconds vpc=blue peer=green pool=192.0.2.1/32 protocol=udp": 4.5,
    "isthmus_pool_alarm vpc=blue peer=green pool=192.0.2.1/32 protocol=udp cause=80-percent": 1,
    "isthmus_pool_alarm vpc=blue peer=green pool=192.0.2.1/32 protocol=tcp cause=80-percent": 0,
    isthmus_config_generation: 1,
    "isthmus_config_loads_total result=applied": 2,
    "isthmus_config_loads_total result=refused": 1,
    isthmus_config_last_load_applied: 0,
    isthmus_config_applied_timestamp_seconds: 1_700_000_100,
    isthmus_config_apply_seconds: 0.008,
    "isthmus_config_ended_flows_total reason=vpc-gone": 3,
    "isthmus_nat_log_records_total kind=syslog place=udp://192.0.2.9:514": 41,
    "isthmus_nat_log_lost_records_total kind=syslog place=udp://192.0.2.9:514 reason=not-taken": 42,
    "isthmus_nat_log_lost_records_total kind=syslog place=udp://192.0.2.9:514 reason=overrun": 43,
    isthmus_turns_total: 100,
    isthmus_longest_turn_seconds: 0.0125,
    "isthmus_busy_turn_seconds_bucket le=0.000032": 0,
    "isthmus_busy_turn_seconds_bucket le=0.000064": 1,
    "isthmus_busy_turn_seconds_bucket le=+Inf": 2,
    isthmus_busy_turn_seconds_sum: 3.00006,
    "isthmus_batch_packets_bucket le=2": 2,
    "isthmus_batch_packets_bucket le=256": 4,
    isthmus_batch_packets_count: 4,
    "isthmus_info version=0.1.0": 1,
    process_cpu_seconds_total: 1.75,
    "vpc_packet_count total=blue": 3,
    "vpc_packet_count drops=blue": 1,
    "vpc_packet_count from=blue to=green": 3,
    "vpc_byte_count total=blue": 300,
    "vpc_pair_drops_packet_count from=blue to=green": 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

test("every metric is told, with its type and no labels but its own", async () => {
  const told = parsePrometheus(await metricsText(facts));
  assert.deepEqual(
    [...told.keys()],
    families.map(({ name }) => name),
  );
  for (const { name, type, labels } of families) {
    const { samples, ...family } = told.get(name)!;
    assert.equal(family.type, type);
    assert.ok(samples.length > 0, name);
    const allowed = type === "histogram" ? ["le"] : labels;
    const used = samples.flatMap((sample) => [...sample.labels.keys()]);
    assert.deepEqual(
      used.filter((label) => !allowed.includes(label)),
      [],
      name,
    );
  }
});

test("drops are told as the ledger knows them", async () => {
  const common = { interface: "eth1", from: "blue" };
  const drops = [
    { ...common, reason: "no-flow", to: "green", step: "bind", packets: 4 },
    { ...common, reason: "no-flow", to: "", step: "admit", packets: 5 },
  ];
  const series = seriesOf(await metricsText({ ...facts, drops }));
  const name = "isthmus_dropped_packets_total reason=no-flow from=blue";
  assert.equal(series.get(`${name} to=green interface=eth1 step=bind`), 4);
  assert.equal(series.get(`${name} interface=eth1 step=admit`), 5);
});

test("names with anything in them stay readable", async () => {
  const hostile = 'a"b\\c\nd } 1 {';
  const { gateway } = facts.counts;
  const pairs = [{ from: hostile, to: "\\", packets: 7, bytes: 8, dropped: 9, flows: 10 }];
  const counts = { ...facts.counts, gateway: { ...gateway, pairs } };
  const told = parsePrometheus(await metricsText({ ...facts, counts }));
  const [sample] = told.get("isthmus_pair_packets_total")!.samples;
  assert.deepEqual(
    [...sample!.labels],
    [
      ["from", hostile],
      ["to", "\\"],
    ],
  );
  assert.equal(sample!.value, 7);
});

test("a gateway that has done nothing has metrics, and no number that nobody knows", async () => {
  const process = { ...facts.process, openFiles: undefined };
  const told = parsePrometheus(await metricsText({ ...facts, pools: [], process }));
  assert.equal(told.has("process_open_fds"), false);
  assert.deepEqual(told.get("isthmus_pool_ports")?.samples, []);
});

test("this process is told", () => {
  const now = 1_800_000_000_000;
  const { userSeconds, residentBytes, heapBytes, openFiles, startSeconds } = readProcess(now);
  assert.ok(userSeconds > 0 && residentBytes > heapBytes && heapBytes > 0);
  assert.ok(openFiles === undefined || openFiles > 2);
  // An alert counts its changes.
  assert.equal(readProcess(now + 5).startSeconds, startSeconds);
  assert.ok(startSeconds < now / 1000 && startSeconds > now / 1000 - 3600);
});

test("the version that is told is that of the package", () => {
  assert.equal(VERSION, JSON.parse(readFileSync(`${root}package.json`, "utf8")).version);
});

test("the content type is that of the text format", () => {
  assert.equal(METRICS_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
});

test("docs/metrics.md says what there is", () => {
  const page = readFileSync(`${root}docs/metrics.md`, "utf8");
  assert.equal(page, metricsPage(), "Run: node_modules/.bin/node scripts/metrics-page.ts");
});

test("the reader of these tests refuses what scrapers refuse", () => {
  const head = "# HELP a_total A.\n# TYPE a_total counter\n";
  parsePrometheus(`${head}a_total{x="1"} 1\n`);
  const wrong = [
    `${head}a_total 1`,
    `${head}a_total{x="1} 1\n`,
    `${head}a_total{x="\\q"} 1\n`,
    `${head}a_total one\n`,
    `${head}a_total 1\na_total 2\n`,
    `${head}b_total 1\n`,
    `${head}a_total -1\n`,
    `${head}${head}`,
    "a_total 1\n",
    "# HELP a A.\n# TYPE a counter\na 1\n",
    '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  ];
  for (const text of wrong) assert.throws(() => parsePrometheus(text), text);
});

/** What an expression of Prometheus speaks of that is ours. */
const OURS = /\b(?:isthmus|vpc|process|nodejs)_[a-z_]+/g;

/** The metrics that an expression names, and names that are none. */
function metricsIn(expression: string) {
  const names = expression.replace(/"[^"]*"/g, '""').match(OURS) ?? [];
  const known = names.map((name) => ({
    name,
    family: families.find((each) =>
      each.type === "histogram"
        ? ["_bucket", "_sum", "_count"].some((end) => each.name + end === name)
        : each.name === name,
    ),
  }));
  const unknown = known.flatMap(({ name, family }) => (family === undefined ? [name] : []));
  return { unknown, labels: known.flatMap(({ family }) => family?.labels ?? []) };
}

function namesIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, names = ""]) => names.split(/, */)).flat();
}

/** Names and labels in an expression, and in what is said about its series, that are not ours. */
function unknownIn(expression: string, ...texts: string[]): string[] {
  const { unknown, labels } = metricsIn(expression);
  const given = [...labels, "job", "instance"];
  const lists = /\b(?:by|without|on|ignoring|group_left) ?\(([^)]+)\)/g;
  const inside = [...namesIn(expression, lists), ...namesIn(expression, /[{,] *(\w+) *[!=]~?=?/g)];
  // What a sum leaves, or all.
  const kept = namesIn(expression, /\bby ?\(([^)]+)\)/g);
  const left = kept.length > 0 ? kept : given;
  const told = texts.flatMap((text) => namesIn(text, /\{\{ *(?:\$labels\.)?(\w+) *\}\}/g));
  return [
    ...unknown,
    ...inside.filter((label) => ![...given, "le"].includes(label)),
    ...told.filter((label) => !left.includes(label)),
  ];
}

test("every metric and label in examples/monitoring/alerts.yaml exists", () => {
  const { groups } = parse(readFileSync(`${root}examples/monitoring/alerts.yaml`, "utf8"));
  const rules: { alert: string; expr: string; annotations: Record<string, string> }[] =
    groups.flatMap(({ rules }: { rules: unknown[] }) => rules);
  assert.ok(rules.length >= 5);
  for (const { alert, expr, annotations } of rules) {
    assert.deepEqual(unknownIn(expr, ...Object.values(annotations)), [], alert);
    assert.ok(annotations["summary"] && annotations["description"], alert);
  }
});

test("every metric and label in examples/monitoring/grafana.json exists", () => {
  const board = JSON.parse(readFileSync(`${root}examples/monitoring/grafana.json`, "utf8"));
  const ids = new Set<number>();
  for (const panel of board.panels) {
    assert.ok(!ids.has(panel.id) && panel.title !== "", panel.title);
    ids.add(panel.id);
    for (const { expr, legendFormat = "" } of panel.targets ?? []) {
      assert.deepEqual(unknownIn(expr, legendFormat), [], panel.title);
    }
  }
  assert.ok(ids.size >= 8);
});

test("an expression that speaks of nothing is found", () => {
  assert.deepEqual(unknownIn("rate(isthmus_nothing_total[5m])"), ["isthmus_nothing_total"]);
  assert.deepEqual(unknownIn("sum by (colour) (isthmus_flows)"), ["colour"]);
  assert.deepEqual(unknownIn('isthmus_flows{colour="x"}'), ["colour"]);
  assert.deepEqual(unknownIn("isthmus_flows", "{{ $labels.family }} {{colour}}"), ["colour"]);
  assert.deepEqual(unknownIn("sum(isthmus_flows)", "{{ $value }}"), []);
  assert.deepEqual(unknownIn("sum by (le) (isthmus_flows)", "{{family}}"), ["family"]);
  assert.deepEqual(unknownIn("isthmus_batch_packets"), ["isthmus_batch_packets"]);
  assert.deepEqual(unknownIn("rate(isthmus_batch_packets_sum[5m])"), []);
});
