// Datagrams to one place. What cannot be sent soon is lost and counted: a log waits for nobody.

import type { Socket } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";

/** What of Node it uses; tests have their own. */
export interface UdpTools {
  readonly createSocket: (type: "udp4" | "udp6") => Pick<Socket, "send" | "close" | "on" | "unref">;
  readonly lookup: (host: string) => Promise<LookupAddress>;
}

/** Datagrams that are on their way into the socket, or wait for an address. */
const WAITING_MAX = 1024;
/** How often the address of a name is asked for. */
const LOOKUP_MILLIS = 300_000;
const RETRY_MILLIS = 5000;

interface Datagram {
  readonly bytes: Uint8Array;
  readonly records: number;
}

export class UdpSender {
  /** Records that were not sent. */
  lost = 0;
  /** Why the last one was not. */
  trouble: string | undefined;
  readonly #host: string;
  readonly #port: number;
  readonly #tools: UdpTools;
  #socket: ReturnType<UdpTools["createSocket"]> | undefined;
  #family = 0;
  #address: string | undefined;
  #lookupAt = Number.NEGATIVE_INFINITY;
  #waiting: Datagram[] = [];
  readonly #flying = new Set<Datagram>();
  #closed = false;
  #landed: () => void = () => {};

  constructor(host: string, port: number, tools: UdpTools) {
    this.#host = host;
    this.#port = port;
    this.#tools = tools;
    const version = isIP(host);
    if (version === 0) return;
    this.#lookupAt = Number.POSITIVE_INFINITY;
    this.#address = host;
    this.#renewSocket(version);
  }

  /** `records`: what is lost with it. `now` in milliseconds. */
  send(bytes: Uint8Array, records: number, now: number): void {
    if (now >= this.#lookupAt) {
      this.#lookupAt = now + RETRY_MILLIS;
      void this.#look(now);
    }
    const datagram = { bytes, records };
    if (this.#waiting.length + this.#flying.size >= WAITING_MAX) {
      this.#lose(datagram, `more than ${WAITING_MAX} datagrams wait`);
    } else if (this.#address === undefined) this.#waiting.push(datagram);
    else this.#fly(datagram, this.#address);
  }

  /** What is on its way is waited for; what has no address by now is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#flying.size > 0) await new Promise<void>((resolve) => (this.#landed = resolve));
    for (const datagram of this.#waiting) this.#lose(datagram, this.trouble ?? "no address");
    this.#waiting = [];
    this.#socket?.close();
    this.#socket = undefined;
  }

  async #look(now: number): Promise<void> {
    try {
      const { address, family } = await this.#tools.lookup(this.#host);
      if (this.#closed) return;
      this.#lookupAt = now + LOOKUP_MILLIS;
      this.#address = address;
      this.#renewSocket(family);
      for (const datagram of this.#waiting) this.#fly(datagram, address);
      this.#waiting = [];
    } catch (error) {
      this.trouble = (error as Error).message;
    }
  }

  #renewSocket(family: number): void {
    if (this.#socket !== undefined && family === this.#family) return;
    this.#socket?.close();
    this.#family = family;
    this.#openSocket();
  }

  #openSocket(): void {
    const socket = this.#tools.createSocket(this.#family === 6 ? "udp6" : "udp4");
    this.#socket = socket;
    socket.unref();
    socket.on("error", (error: Error) => {
      this.trouble = error.message;
      if (socket === this.#socket) this.#replaceSocket(error.message);
    });
  }

  /** One that could not even be bound has forgotten what it was to send, and says so of none. */
  #replaceSocket(why: string): void {
    const datagrams = [...this.#flying];
    this.#flying.clear();
    for (const datagram of datagrams) this.#lose(datagram, why);
    this.#socket?.close();
    this.#socket = undefined;
    if (!this.#closed) this.#openSocket();
    this.#landed();
  }

  #fly(datagram: Datagram, address: string): void {
    this.#flying.add(datagram);
    this.#socket?.send(datagram.bytes, this.#port, address, (error) => {
      if (!this.#flying.delete(datagram)) return;
      if (error) this.#lose(datagram, error.message);
      if (this.#flying.size === 0) this.#landed();
    });
  }

  #lose({ records }: Datagram, why: string): void {
    this.lost += records;
    this.trouble = why;
  }
}
