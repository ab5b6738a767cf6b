// A name server for a few names, by UDP and by TCP (RFC 1035, RFC 7766).

import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:net";
import * as dns from "dns-packet";

/** Name → its addresses, IPv4 and IPv6 mixed. Asked for any other name it says NXDOMAIN. */
export type DnsNames = Readonly<Record<string, readonly string[]>>;

const LIFETIME_SECONDS = 60;
const NXDOMAIN = 3;

/** Not bound yet; for both families. */
export function dnsOverUdp(names: DnsNames): Socket {
  const socket = createSocket("udp6");
  socket.on("message", (message: Buffer, { address, port }) => {
    const answer = quietly(() => dns.encode(answerTo(dns.decode(message), names)));
    if (answer !== undefined) socket.send(answer, port, address);
  });
  return socket;
}

/** Not listening yet. */
export function dnsOverTcp(names: DnsNames): Server {
  return createServer((socket) => {
    let waiting = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data: Buffer) => {
      waiting = Buffer.concat([waiting, data]);
      // Each message is preceded by its length.
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE()) {
        const end = 2 + waiting.readUInt16BE();
        const message = waiting.subarray(0, end);
        waiting = waiting.subarray(end);
        const answer = quietly(() => dns.streamEncode(answerTo(dns.streamDecode(message), names)));
        if (answer === undefined) socket.destroy();
        else socket.write(answer);
      }
    });
  });
}

function answerTo({ id = 0, questions = [] }: dns.Packet, names: DnsNames): dns.Packet {
  const [question] = questions;
  const addresses = names[question?.name.toLowerCase() ?? ""];
  const answers = (addresses ?? []).flatMap((data): dns.Answer[] => {
    const type = data.includes(":") ? "AAAA" : "A";
    if (question?.type !== type) return [];
    return [{ type, name: question.name, ttl: LIFETIME_SECONDS, data }];
  });
  const code = addresses === undefined ? NXDOMAIN : 0;
  return { id, type: "response", flags: dns.AUTHORITATIVE_ANSWER | code, questions, answers };
}

/** What is no question gets no answer. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
