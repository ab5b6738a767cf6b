// Where a NAT log goes: an encoder and a sender for each place.

import type { NatLogTarget } from "../../config/model.ts";
import { FileAppender } from "./file-appender.ts";
import { IpfixEncoder } from "./ipfix.ts";
import { jsonLine, jsonMark, type LogMark, type VpcName } from "./json-lines.ts";
import type { NatRecord } from "./record.ts";
import { syslogMessage } from "./syslog.ts";
import { UdpSender, type UdpTools } from "./udp-sender.ts";

export interface Sink {
  readonly kind: NatLogTarget["kind"];
  /** For people: the path or the URL. */
  readonly place: string;
  /** Records that did not get there, and why the last did not. */
  readonly lost: number;
  readonly trouble: string | undefined;
  /** `now` in milliseconds since 1970. */
  write(records: readonly NatRecord[], nameOf: VpcName, now: number): void;
  /** What the log says about itself, where it can. */
  mark(mark: LogMark, now: number): void;
  /** Files are opened anew. */
  reopen(): void;
  close(): Promise<void>;
}

export interface SinkTools {
  readonly udp: UdpTools;
  readonly hostname: string;
  readonly pid: number;
}

export function openSink(target: NatLogTarget, tools: SinkTools): Sink {
  if (target.kind === "file") return fileSink(target.path);
  const { host, port } = target;
  const sender = new UdpSender(host, port, tools.udp);
  const place = `udp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const write = target.kind === "ipfix" ? ipfixWriter(sender) : syslogWriter(target, tools, sender);
  return {
    kind: target.kind,
    place,
    write,
    get lost() {
      return sender.lost;
    },
    get trouble() {
      return sender.trouble;
    },
    mark: () => {},
    reopen: () => {},
    close: () => sender.close(),
  };
}

function fileSink(path: string): Sink {
  const file = new FileAppender(path, (records, now) =>
    jsonMark({ event: "log-lost", records }, now),
  );
  return {
    kind: "file",
    place: path,
    get lost() {
      return file.lost;
    },
    get trouble() {
      return file.trouble;
    },
    write(records, nameOf, now) {
      if (records.length === 0) return;
      const text = records.map((record) => jsonLine(record, nameOf)).join("");
      file.write(text, records.length, now);
    },
    mark: (mark, now) => file.write(jsonMark(mark, now), 0, now),
    reopen: () => file.reopen(),
    close: () => file.close(),
  };
}

function ipfixWriter(sender: UdpSender): Sink["write"] {
  const encoder = new IpfixEncoder();
  return (records, _nameOf, now) => {
    for (const message of encoder.encode(records, now)) {
      sender.send(message.bytes, message.records, now);
    }
  };
}

function syslogWriter(
  { facility }: { readonly facility: number },
  { hostname, pid }: SinkTools,
  sender: UdpSender,
): Sink["write"] {
  const encoder = new TextEncoder();
  return (records, nameOf, now) => {
    for (const record of records) {
      const text = syslogMessage(record, nameOf, { facility, hostname, pid });
      sender.send(encoder.encode(text), 1, now);
    }
  };
}
