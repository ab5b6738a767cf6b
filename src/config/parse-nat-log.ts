// Where the begin and the end of flows are written down: the `isthmus.natLog` key.

import { parseIpAddress } from "../wire/ip-address.ts";
import { FACILITIES } from "./facilities.ts";
import { isText } from "./gateway-addresses.ts";
import type { NatLog, NatLogTarget } from "./model.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawConfig } from "./shape.ts";

const URL_HINT = 'Write "udp://", an address or a name, and a port, such as "udp://192.0.2.9:514".';

/** Undefined: nothing is logged. */
export function parseNatLog({ isthmus }: RawConfig, root: Reporter): NatLog | undefined {
  const raw = isMapping(isthmus) && isMapping(isthmus?.natLog) ? isthmus?.natLog : undefined;
  if (!raw) return undefined;
  const report = root.at("isthmus", "natLog");
  const { what = "flows", destinations = false } = raw;
  if (what === "endpoints" && destinations === true) {
    const message = "Public endpoints are logged as they are given, whatever destinations come.";
    const hint = "Use what: flows, or leave destinations out.";
    report.at("destinations").say("nat-log/no-destinations", message, hint);
  }
  if (Array.isArray(raw.to) && raw.to.length === 0) {
    const hint = "Give at least one of file, syslog and ipfix, or leave natLog out.";
    report.at("to").say("nat-log/one-target", "This NAT log goes nowhere.", hint);
  }
  const seen = new Map<string, Located>();
  const to = (Array.isArray(raw.to) ? raw.to : []).flatMap((each, index) => {
    const target = isMapping(each) ? parseTarget(each, report.at("to", index)) : undefined;
    if (!target) return [];
    checkTwice(target, seen, report.at("to", index));
    return [target];
  });
  return { what, destinations, to };
}

type RawTarget = NonNullable<NonNullable<RawConfig["isthmus"]>["natLog"]>["to"][number];

function parseTarget(raw: RawTarget, at: Reporter): NatLogTarget | undefined {
  const sound = !at.tainted;
  const { file, syslog, ipfix, facility } = raw;
  const given = [file, syslog, ipfix].filter((each) => each !== undefined);
  if (given.length !== 1) {
    // A key may stand there with a slip.
    if (given.length === 0 && !sound) return undefined;
    const message = "A NAT log goes to one of file, syslog and ipfix.";
    at.say("nat-log/one-target", message, "Give one of them; for another, add an entry.");
    return undefined;
  }
  if (facility !== undefined && syslog === undefined) {
    const message = "A facility is something of syslog alone.";
    at.at("facility").say("nat-log/one-target", message, "Leave it out.");
  }
  if (isText(file)) return parseFile(file, at.at("file"));
  const key = syslog === undefined ? "ipfix" : "syslog";
  const text = syslog ?? ipfix;
  const place = isText(text) ? parseUrl(text, at.at(key)) : undefined;
  if (!place) return undefined;
  if (key === "ipfix") return { kind: key, ...place };
  return { kind: key, ...place, facility: FACILITIES[facility ?? "local0"]! };
}

function parseFile(path: string, at: Reporter): NatLogTarget | undefined {
  if (path.startsWith("/") && !path.endsWith("/")) return { kind: "file", path };
  const message = `"${path}" is no whole path of a file.`;
  at.say("nat-log/bad-target", message, 'Begin with "/", such as "/var/log/isthmus/nat.jsonl".');
  return undefined;
}

function parseUrl(text: string, at: Reporter): { host: string; port: number } | undefined {
  const [, six, other, digits] = /^udp:\/\/(?:\[([^\]]*)\]|([^:/[\]]+)):(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  const host = six ?? other;
  if (host !== undefined && isHost(host, six !== undefined) && port >= 1 && port <= 65535) {
    return { host, port };
  }
  at.say("nat-log/bad-target", `"${text}" is no place to send a log to.`, URL_HINT);
  return undefined;
}

function isHost(host: string, six: boolean): boolean {
  const address = parseIpAddress(host);
  if (six) return address?.family === 6;
  if (address) return true;
  // All digits and dots was meant as an address.
  return !/^[\d.]+$/.test(host) && /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?$/.test(host);
}

function checkTwice(target: NatLogTarget, seen: Map<string, Located>, at: Reporter): void {
  const place = target.kind === "file" ? target.path : `${target.host}:${target.port}`;
  const key = `${target.kind} ${place}`;
  const other = seen.get(key);
  if (!other) seen.set(key, at.located);
  else {
    const message = `${target.kind} to ${place} is there twice.`;
    at.say("nat-log/duplicate", message, "Keep one of them.", other);
  }
}
