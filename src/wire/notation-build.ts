// From packet notation to bytes: the IP packet, with every length and checksum right unless the
// notation says otherwise.

import { checksumOf, pseudoHeaderSum, sumBytes } from "./checksum.ts";
import { hasMtu, type IcmpKind, icmpKind, isIcmpError, isIcmpQuery } from "./icmp.ts";
import { type Family, type IpAddress, writeIpAddress } from "./ip-address.ts";
import { FRAGMENT, ICMP, ICMPV6, TCP, UDP } from "./ip-protocol.ts";
import { formatPacket } from "./notation-format.ts";
import {
  type Attribute,
  type Bound,
  NotationError,
  type PacketNotation,
  type Pattern,
} from "./notation-types.ts";

/** What is written when the notation does not say: the ACK bit alone. */
const DEFAULT_TCP_FLAGS = 0x10;
const DEFAULT_TTL = 64;
const DEFAULT_WINDOW = 65535;
const BYTE_MAX = 255;
const WORD_MAX = 65535;
const LONG_MAX = 0xffffffff;
/** The highest fragment offset that 13 bits can say, in bytes (RFC 791, 3.1). */
const FRAGMENT_MAX = 65528;

/**
 * The bytes of the packet, from its IP header on. Unsaid: ttl 64, id 0, TCP flags ack, window
 * 65535, all other numbers 0, no payload. Throws NotationError for an unbound variable, for `*`,
 * and for what no packet can be: families mixed, a length that does not fit, a number larger than
 * its field, an ICMP name of the other family, anything said that has no place in the packet.
 */
export function buildPacket(
  packet: PacketNotation,
  bindings: ReadonlyMap<string, Bound> = new Map(),
): Uint8Array {
  return new Builder(packet, bindings).build();
}

class Builder {
  readonly #packet: PacketNotation;
  readonly #bindings: ReadonlyMap<string, Bound>;
  readonly #source: IpAddress;
  readonly #destination: IpAddress;
  readonly #family: Family;
  /** Attributes that the packet has a field for. */
  readonly #placed = new Set<Attribute>(["len"]);

  constructor(packet: PacketNotation, bindings: ReadonlyMap<string, Bound>) {
    this.#packet = packet;
    this.#bindings = bindings;
    this.#source = this.#address(packet.source);
    this.#destination = this.#address(packet.destination);
    this.#family = this.#source.family;
    if (this.#destination.family !== this.#family)
      this.#fail("source and destination differ in family");
  }

  build(): Uint8Array {
    const fragment = this.#number("frag", 0, FRAGMENT_MAX);
    if (fragment % 8 !== 0) this.#fail(`frag is a multiple of 8, not ${fragment}`);
    const protocol = this.#protocol();
    const later = fragment > 0;
    this.#checkFits(later);
    const data = this.#packet.data ?? new Uint8Array(0);
    let message = later ? data : this.#message(protocol, data);
    const headerLength = this.#headerLength(fragment);
    // The length field of IPv6 does not count the fixed header.
    const longest = WORD_MAX + (this.#family === 4 ? 0 : 40);
    if (headerLength + message.length > longest) this.#fail(`over ${longest} bytes`);
    const wanted = this.#number("len", headerLength + message.length, longest);
    const space = wanted - headerLength;
    if (space < message.length || (this.#packet.data && space !== message.length)) {
      this.#fail(`len=${wanted} does not fit; it would be ${headerLength + message.length}`);
    }
    if (space > message.length) {
      const longer = new Uint8Array(space);
      longer.set(message);
      message = longer;
    }
    const bytes = new Uint8Array(wanted);
    bytes.set(message, headerLength);
    if (this.#family === 4) this.#ipv4(bytes, protocol, fragment);
    else this.#ipv6(bytes, protocol, fragment, headerLength);
    if (!later) this.#seal(bytes, headerLength, protocol);
    for (const name of this.#packet.attributes.keys()) {
      if (!this.#placed.has(name)) this.#fail(`this packet has no field for ${name}`);
    }
    return bytes;
  }

  /** What would be left out without a word is refused: who wrote it meant something by it. */
  #checkFits(later: boolean): void {
    const { checksum, quoted } = this.#packet;
    if (this.#packet.dontFragment && this.#family === 6) this.#fail("IPv6 has no df");
    if (later && hasTransport(this.#packet)) {
      this.#fail("a later fragment has no ports, flags, ICMP message or quoted packet");
    }
    if (checksum === "zero" && (later || this.#packet.protocol !== "udp")) {
      this.#fail("checksum=0 is for udp, not for later fragments");
    }
    if (checksum === "bad" && (later || this.#packet.protocol.startsWith("proto-"))) {
      this.#fail("there is no checksum here that could be bad");
    }
    if (checksum === "bad" && this.#packet.moreFragments) {
      this.#fail("the checksum of a fragment cannot be told from a right one");
    }
    if (quoted && this.#packet.data) this.#fail("either data or a quoted packet, not both");
  }

  #protocol(): number {
    const { protocol } = this.#packet;
    if (protocol === "tcp") return TCP;
    if (protocol === "udp") return UDP;
    if (protocol === "icmp") return this.#family === 4 ? ICMP : ICMPV6;
    return Number(protocol.slice("proto-".length));
  }

  #message(protocol: number, data: Uint8Array): Uint8Array {
    if (this.#packet.protocol === "icmp") return this.#icmp(data);
    if (protocol === TCP) return this.#tcp(data);
    if (protocol === UDP) return this.#udp(data);
    return data;
  }

  #tcp(data: Uint8Array): Uint8Array {
    const options = this.#packet.attributes.has("mss") ? 4 : 0;
    const { bytes, view } = blank(20 + options, data);
    view.setUint16(0, this.#port(this.#packet.sourcePort));
    view.setUint16(2, this.#port(this.#packet.destinationPort));
    view.setUint32(4, this.#number("seq", 0, LONG_MAX));
    view.setUint32(8, this.#number("ack", 0, LONG_MAX));
    view.setUint8(12, ((20 + options) / 4) << 4);
    view.setUint8(13, this.#packet.tcpFlags ?? DEFAULT_TCP_FLAGS);
    view.setUint16(14, this.#number("win", DEFAULT_WINDOW, WORD_MAX));
    if (options > 0) {
      view.setUint16(20, 0x0204);
      view.setUint16(22, this.#number("mss", 0, WORD_MAX));
    }
    return bytes;
  }

  #udp(data: Uint8Array): Uint8Array {
    const { bytes, view } = blank(8, data);
    view.setUint16(0, this.#port(this.#packet.sourcePort));
    view.setUint16(2, this.#port(this.#packet.destinationPort));
    return bytes;
  }

  #icmp(data: Uint8Array): Uint8Array {
    const kind = this.#icmpKind();
    if (kind === undefined) return this.#fail("icmp needs a message, such as echo-request");
    const { quoted } = this.#packet;
    if (quoted && !isIcmpError(this.#family, kind.type))
      this.#fail("only ICMP errors quote packets");
    const body = quoted ? buildPacket(quoted, this.#bindings) : data;
    const { bytes, view } = blank(8, body);
    view.setUint8(0, kind.type);
    view.setUint8(1, kind.code);
    if (isIcmpQuery(this.#family, kind.type)) {
      view.setUint16(4, this.#number("id", 0, WORD_MAX));
      view.setUint16(6, this.#number("seq", 0, WORD_MAX));
    }
    if (hasMtu(this.#family, kind)) {
      if (this.#family === 4) view.setUint16(6, this.#number("mtu", 0, WORD_MAX));
      else view.setUint32(4, this.#number("mtu", 0, LONG_MAX));
    }
    return bytes;
  }

  #icmpKind(): IcmpKind | undefined {
    const said = this.#packet.icmp;
    if (typeof said !== "string") return said;
    return (
      icmpKind(this.#family, said) ?? this.#fail(`IPv${this.#family} has no ICMP message ${said}`)
    );
  }

  /** IPv6 has a fragment header only for a fragment. */
  #headerLength(fragment: number): number {
    if (this.#family === 4) return 20;
    return fragment > 0 || this.#packet.moreFragments ? 48 : 40;
  }

  /** The identification of the IP packet; a query's `id` is not that. */
  #identification(): number {
    const kind = this.#icmpKind();
    const query = kind !== undefined && isIcmpQuery(this.#family, kind.type);
    return query ? 0 : this.#number("id", 0, this.#family === 4 ? WORD_MAX : LONG_MAX);
  }

  #ipv4(bytes: Uint8Array, protocol: number, fragment: number): void {
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x45);
    view.setUint8(1, this.#number("tos", 0, BYTE_MAX));
    view.setUint16(2, bytes.length);
    view.setUint16(4, this.#identification());
    const flags =
      (this.#packet.dontFragment ? 0x4000 : 0) | (this.#packet.moreFragments ? 0x2000 : 0);
    view.setUint16(6, flags | (fragment >> 3));
    view.setUint8(8, this.#number("ttl", DEFAULT_TTL, BYTE_MAX));
    view.setUint8(9, protocol);
    writeIpAddress(bytes, 12, this.#source);
    writeIpAddress(bytes, 16, this.#destination);
    view.setUint16(10, checksumOf(sumBytes(bytes.subarray(0, 20))));
  }

  #ipv6(bytes: Uint8Array, protocol: number, fragment: number, headerLength: number): void {
    const view = new DataView(bytes.buffer);
    view.setUint32(0, (6 << 28) | (this.#number("tos", 0, BYTE_MAX) << 20));
    view.setUint16(4, bytes.length - 40);
    view.setUint8(6, headerLength === 48 ? FRAGMENT : protocol);
    view.setUint8(7, this.#number("ttl", DEFAULT_TTL, BYTE_MAX));
    writeIpAddress(bytes, 8, this.#source);
    writeIpAddress(bytes, 24, this.#destination);
    if (headerLength !== 48) return;
    view.setUint8(40, protocol);
    view.setUint16(42, fragment | (this.#packet.moreFragments ? 1 : 0));
    view.setUint32(44, this.#identification());
  }

  /** Length and checksum of the transport header. */
  #seal(bytes: Uint8Array, at: number, protocol: number): void {
    const view = new DataView(bytes.buffer);
    const message = bytes.subarray(at);
    const name = this.#packet.protocol;
    if (name === "udp") view.setUint16(at + 4, message.length);
    const offset = { tcp: 16, udp: 6, icmp: 2 }[name];
    if (offset === undefined || message.length < offset + 2) return;
    const addresses = this.#family === 4 ? bytes.subarray(12, 20) : bytes.subarray(8, 40);
    let sum = sumBytes(message);
    if (protocol !== ICMP) sum += pseudoHeaderSum(addresses, protocol, message.length);
    let checksum = checksumOf(sum);
    if (name === "udp" && checksum === 0) checksum = 0xffff;
    if (this.#packet.checksum === "zero") checksum = 0;
    // One more, never 0 (which means "none" to UDP); 0xffff is 0 in one's complement.
    if (this.#packet.checksum === "bad") checksum = (checksum % 0xffff) + 1;
    view.setUint16(at + offset, checksum);
  }

  #port(port: Pattern<number> | undefined): number {
    if (port === undefined) {
      const form = this.#family === 4 ? "" : ", written [2001:db8::1]:53";
      return this.#fail(`${this.#packet.protocol} needs ports${form}`);
    }
    const value = this.#resolve(port);
    return value <= WORD_MAX ? value : this.#fail(`a port is at most ${WORD_MAX}, not ${value}`);
  }

  /** The value of a field that holds numbers up to `highest`. */
  #number(name: Attribute, unsaid: number, highest: number): number {
    this.#placed.add(name);
    const said = this.#packet.attributes.get(name);
    const value = said === undefined ? unsaid : this.#resolve(said);
    return value <= highest ? value : this.#fail(`${name} is at most ${highest}, not ${value}`);
  }

  #resolve(value: Pattern<number>): number {
    if (typeof value === "number") return value;
    if (value === "*") return this.#fail("* stands for no number that could be sent");
    const bound = this.#bindings.get(value.variable);
    if (typeof bound === "number") return bound;
    return this.#fail(`$${value.variable} ${bound ? "is an address" : "has no value yet"}`);
  }

  #address(value: Pattern<IpAddress>): IpAddress {
    if (value === "*") return this.#fail("* stands for no address that could be sent");
    if (!("variable" in value)) return value;
    const bound = this.#bindings.get(value.variable);
    if (typeof bound === "object") return bound;
    return this.#fail(
      `$${value.variable} ${bound === undefined ? "has no value yet" : "is a number"}`,
    );
  }

  #fail(message: string): never {
    throw new NotationError(message, formatPacket(this.#packet), 1);
  }
}

function hasTransport({ sourcePort, tcpFlags, icmp, quoted }: PacketNotation): boolean {
  return [sourcePort, tcpFlags, icmp, quoted].some((part) => part !== undefined);
}

function blank(headerLength: number, body: Uint8Array) {
  const bytes = new Uint8Array(headerLength + body.length);
  bytes.set(body, headerLength);
  return { bytes, view: new DataView(bytes.buffer) };
}
