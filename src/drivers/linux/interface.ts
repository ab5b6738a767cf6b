// A network interface as the kernel knows it: netdevice(7).

import type { System } from "./sys.ts";
import { ENODEV, must, SystemError } from "./system-error.ts";

/** What identifies an interface and what a driver has to know of it. */
export interface NetworkInterface {
  readonly name: string;
  /** From 1. */
  readonly index: number;
  /** Longest IP packet, in bytes. */
  readonly mtu: number;
  /** Its frames are Ethernet's. */
  readonly ethernet: boolean;
}

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** struct ifreq: the name, then what was asked. */
const IFREQ = 40;
const NAME = 16;
const SIOCGIFMTU = 0x8921;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;

/** Kinds of hardware whose frames are Ethernet's: that itself, and the loopback interface. */
const ETHERNET_KINDS = new Set([1, 772]);

/** Asks in the network namespace of the calling thread. Throws a SystemError when there is none of
 * that name (ENODEV). */
export function findInterface(system: System, name: string): NetworkInterface {
  const fd = must(system.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket");
  try {
    const ask = (request: number) => {
      const [bytes, view] = interfaceRequest(name);
      must(system.ioctl(fd, request, bytes), `interface ${name}`);
      return view;
    };
    return {
      name,
      index: ask(SIOCGIFINDEX).getInt32(NAME, true),
      mtu: ask(SIOCGIFMTU).getInt32(NAME, true),
      ethernet: ETHERNET_KINDS.has(ask(SIOCGIFHWADDR).getUint16(NAME, true)),
    };
  } finally {
    system.close(fd);
  }
}

/** The same, where nothing but Ethernet will do: throws an Error for other kinds. */
export function findEthernet(system: System, name: string): NetworkInterface {
  const found = findInterface(system, name);
  if (!found.ethernet) throw new Error(`${name} carries no Ethernet frames`);
  return found;
}

/** A struct ifreq about `name`; the rest is zero. */
export function interfaceRequest(name: string): [bytes: Uint8Array, view: DataView] {
  const encoded = new TextEncoder().encode(name);
  // No interface has such a name, so what the kernel would say is said here.
  if (encoded.length >= NAME || encoded.length === 0)
    throw new SystemError(`interface ${name}`, ENODEV);
  const bytes = new Uint8Array(IFREQ);
  bytes.set(encoded);
  return [bytes, new DataView(bytes.buffer)];
}
