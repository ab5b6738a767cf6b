// From text to packet notation.

import { ICMP_NAMES } from "./icmp.ts";
import { type IpAddress, parseIpAddress } from "./ip-address.ts";
import { protocolName } from "./ip-protocol.ts";
import {
  ATTRIBUTES,
  type Attribute,
  NotationError,
  type PacketNotation,
  type Pattern,
  TCP_FLAGS,
} from "./notation-types.ts";

interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

type Mutable = { -readonly [K in keyof PacketNotation]: PacketNotation[K] } & {
  attributes: Map<Attribute, Pattern<number>>;
};

const TOKEN = /data="(?:[^"\\]|\\.)*"|[{}]|[^\s{}]+/g;

/** Reads one packet; throws NotationError, which says what was expected where. */
export function parsePacket(text: string): PacketNotation {
  const tokens = [...text.matchAll(TOKEN)].map((match) => ({
    text: match[0],
    column: match.index + 1,
  }));
  const reader = new Reader(text, tokens);
  const packet = reader.packet();
  reader.end();
  return packet;
}

class Reader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  packet(isQuoted = false): PacketNotation {
    const protocol = this.#take("a protocol (tcp, udp, icmp or proto-N)");
    if (!/^(tcp|udp|icmp|proto-(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))$/.test(protocol.text)) {
      throw this.#error("expected a protocol: tcp, udp, icmp or proto-N", protocol);
    }
    const name = protocol.text.startsWith("proto-") && protocolName(+protocol.text.slice(6));
    if (name === "tcp" || name === "udp") {
      throw this.#error(`${protocol.text} is written ${name}`, protocol);
    }
    const source = this.#endpoint("a source", protocol.text);
    const arrow = this.#take('">"');
    if (arrow.text !== ">") throw this.#error('expected ">" between source and destination', arrow);
    const destination = this.#endpoint("a destination", protocol.text);
    if ((source.port === undefined) !== (destination.port === undefined)) {
      throw this.#error("expected a port on both sides or on neither", arrow);
    }
    const packet: Mutable = {
      protocol: protocol.text,
      source: source.address,
      destination: destination.address,
      attributes: new Map(),
    };
    if (source.port !== undefined) packet.sourcePort = source.port;
    if (destination.port !== undefined) packet.destinationPort = destination.port;
    this.#rest(packet, isQuoted);
    return packet;
  }

  end(): void {
    const token = this.#tokens[this.#next];
    if (token) throw this.#error("expected the end of the packet", token);
  }

  #take(what: string): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) {
      throw new NotationError(`expected ${what}`, this.#text, this.#text.length + 1);
    }
    this.#next++;
    return token;
  }

  #endpoint(what: string, protocol: string) {
    const token = this.#take(what);
    const split = splitPort(token.text);
    const address = parseAddress(split.address);
    if (address === undefined) {
      throw this.#error(`expected ${what} address, a variable or *`, token);
    }
    if (split.port === undefined) return { address, port: undefined };
    if (protocol !== "tcp" && protocol !== "udp") {
      throw this.#error(`${protocol} has no ports`, token);
    }
    const port = parseNumber(split.port, 65535);
    if (port === undefined) {
      throw this.#error("expected a port from 0 to 65535, a variable or *", token);
    }
    return { address, port };
  }

  #rest(packet: Mutable, isQuoted: boolean): void {
    const said = new Set<string>();
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined || token.text === "}") return;
      this.#next++;
      if (token.text === "{") {
        if (isQuoted) throw this.#error("a quoted packet quotes no other", token);
        this.#quoted(packet, token);
      } else {
        // The flag "ack" is not the number "ack=".
        const name = token.text.replace(/=.*/s, "=");
        if (said.has(name)) throw this.#error(`${name} is said twice`, token);
        said.add(name);
        this.#word(packet, token);
      }
    }
  }

  #quoted(packet: Mutable, open: Token): void {
    if (packet.protocol !== "icmp") throw this.#error("only icmp quotes a packet", open);
    if (packet.quoted !== undefined) throw this.#error("one quoted packet is enough", open);
    packet.quoted = this.packet(true);
    const close = this.#take('"}" behind the quoted packet');
    if (close.text !== "}") throw this.#error('expected "}" behind the quoted packet', close);
  }

  #word(packet: Mutable, token: Token): void {
    const { text } = token;
    if (text === "df") packet.dontFragment = true;
    else if (text === "mf") packet.moreFragments = true;
    else if (text.includes("=")) this.#attribute(packet, token);
    else if (packet.protocol === "tcp" && packet.tcpFlags === undefined) this.#flags(packet, token);
    else if (packet.protocol === "icmp" && packet.icmp === undefined && ICMP_NAMES.has(text)) {
      packet.icmp = text;
    } else {
      throw this.#error(`"${text}" is no flag, ICMP name or attribute that fits here`, token);
    }
  }

  #flags(packet: Mutable, token: Token): void {
    let flags = 0;
    for (const name of token.text.split(",")) {
      if (!Object.hasOwn(TCP_FLAGS, name)) {
        const known = Object.keys(TCP_FLAGS).join(" ");
        throw this.#error(`"${name}" is no TCP flag; they are ${known}`, token);
      }
      flags |= TCP_FLAGS[name as keyof typeof TCP_FLAGS];
    }
    packet.tcpFlags = flags;
  }

  #attribute(packet: Mutable, token: Token): void {
    const at = token.text.indexOf("=");
    const name = token.text.slice(0, at);
    const value = token.text.slice(at + 1);
    if (name === "data") {
      packet.data = this.#data(value, token);
    } else if (name === "checksum") {
      if (value !== "0" && value !== "bad") throw this.#error("checksum is 0 or bad", token);
      packet.checksum = value === "0" ? "zero" : "bad";
    } else if ((name === "type" || name === "code") && packet.protocol === "icmp") {
      this.#icmpNumber(packet, name, value, token);
    } else if (ATTRIBUTES.includes(name as Attribute)) {
      this.#number(packet, name as Attribute, value, token);
    } else {
      throw this.#error(`"${name}" is no attribute`, token);
    }
  }

  #icmpNumber(packet: Mutable, name: "type" | "code", value: string, token: Token): void {
    const number = parseNumber(value, 255);
    if (typeof packet.icmp === "string") throw this.#error("the name says type and code", token);
    if (typeof number !== "number") throw this.#error(`${name} is a number from 0 to 255`, token);
    packet.icmp = { type: packet.icmp?.type ?? 0, code: packet.icmp?.code ?? 0, [name]: number };
  }

  #number(packet: Mutable, name: Attribute, value: string, token: Token): void {
    const limit = name === "ttl" || name === "tos" ? 255 : LARGE.has(name) ? 0xffffffff : 65535;
    const number = parseNumber(value, limit);
    if (number === undefined) {
      throw this.#error(`${name} is a number from 0 to ${limit}, a variable or *`, token);
    }
    if (name === "frag" && typeof number === "number" && number % 8 !== 0) {
      throw this.#error("frag is an offset in bytes, a multiple of 8", token);
    }
    packet.attributes.set(name, number);
  }

  #data(value: string, token: Token): Uint8Array {
    if (!/^"(?:[^"\\]|\\x[0-9a-fA-F]{2}|\\["\\])*"$/.test(value)) {
      throw this.#error('data is text in quotes with \\xNN, \\" and \\\\', token);
    }
    const bytes: number[] = [];
    for (const [part] of value.slice(1, -1).matchAll(/\\x..|\\.|[^\\]/gsu)) {
      if (part.startsWith("\\x")) bytes.push(Number.parseInt(part.slice(2), 16));
      else bytes.push(...new TextEncoder().encode(part.startsWith("\\") ? part[1] : part));
    }
    return Uint8Array.from(bytes);
  }

  #error(message: string, token: Token): NotationError {
    return new NotationError(message, this.#text, token.column);
  }
}

const LARGE: ReadonlySet<Attribute> = new Set(["seq", "ack", "id", "mtu"]);

/** "1.2.3.4:80", "[2001:db8::1]:80", "2001:db8::1", "$a:$p", "*". */
function splitPort(text: string): { address: string; port?: string } {
  if (text.startsWith("[")) {
    const close = text.indexOf("]:");
    if (close > 0) return { address: text.slice(1, close), port: text.slice(close + 2) };
    return { address: text };
  }
  const first = text.indexOf(":");
  if (first < 0 || first !== text.lastIndexOf(":")) return { address: text };
  return { address: text.slice(0, first), port: text.slice(first + 1) };
}

function parseVariable(text: string): { variable: string } | "*" | undefined {
  if (text === "*") return "*";
  return /^\$[A-Za-z_]\w*$/.test(text) ? { variable: text.slice(1) } : undefined;
}

function parseAddress(text: string): Pattern<IpAddress> | undefined {
  return parseVariable(text) ?? parseIpAddress(text);
}

function parseNumber(text: string, limit: number): Pattern<number> | undefined {
  const variable = parseVariable(text);
  if (variable !== undefined) return variable;
  if (!/^(\d{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text)) return undefined;
  return Number(text) <= limit ? Number(text) : undefined;
}
