// The system calls, by the names and in the order of arguments that their manual pages give them,
// section 2. No struct is known here: callers lay out bytes.
//
// All return what the kernel returns: a result from 0 up, or minus an error's number, as in
// system-error.ts. Nothing throws, as most errors are an ordinary part of packet I/O. Memory is
// either a Uint8Array, for calls that happen now and then, or an address, for calls that happen for
// each batch; then the caller keeps the memory behind it alive. Addresses are made once and kept: a
// bigint that is there costs a call nothing, while a large number would be boxed for each.

import type { LibraryHandle } from "koffi";

/** Where a byte lies in this process; below 2^48. */
export type Address = bigint;

/** The fields are functions; each is one call. */
export interface System {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, name: Uint8Array) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array) => number;
  /** Fills in `value`; returns how many bytes of it. */
  readonly getsockopt: (fd: number, level: number, option: number, value: Uint8Array) => number;
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number;
  /** Any place, readable and writable, shared; of nothing but memory when `fd` is negative. Returns
   * its address. */
  readonly mmap: (length: number, fd: number, offset: number) => number;
  readonly munmap: (address: Address, length: number) => number;
  readonly poll: (fds: Address, count: number, timeoutMillis: number) => number;
  readonly sendmmsg: (fd: number, messages: Address, count: number, flags: number) => number;
  readonly recvmmsg: (fd: number, messages: Address, count: number, flags: number) => number;
  /** To where the socket is bound or connected. */
  readonly send: (fd: number, bytes: Address, length: number, flags: number) => number;
  readonly sendto: (fd: number, bytes: Uint8Array, flags: number, name: Uint8Array) => number;
  readonly recv: (fd: number, bytes: Address, length: number, flags: number) => number;
  readonly read: (fd: number, bytes: Address, length: number) => number;
  readonly readv: (fd: number, vectors: Address, count: number) => number;
  readonly write: (fd: number, bytes: Address, length: number) => number;
  readonly writev: (fd: number, vectors: Address, count: number) => number;
  readonly eventfd: (count: number, flags: number) => number;
  /** Moves the calling thread, and no other, into the namespace behind `fd`. */
  readonly setns: (fd: number, type: number) => number;
  readonly bpf: (command: number, attributes: Uint8Array) => number;
  readonly close: (fd: number) => number;

  // No system calls, but of the same world.
  readonly memcpy: (to: Address, from: Address, length: number) => void;
  /** Stays right as long as somebody holds the array. */
  readonly addressOf: (bytes: Uint8Array) => Address;
  /** The bytes at an address. Reading them when they are gone kills the process. */
  readonly viewOf: (address: Address, length: number) => ArrayBuffer;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_ANONYMOUS = 0x20;
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

/** Loads the library that calls C (docs/decisions/0015-koffi.md). Only whoever opens a Linux driver
 * comes here. Throws where that library does not run. */
export async function loadSystem(): Promise<System> {
  const { default: koffi } = await import("koffi");
  const { errno } = koffi;
  const c = bindFunctions(koffi.load(null));
  const result = (value: number | bigint): number =>
    value < 0 ? -errno() : typeof value === "number" ? value : Number(value);
  const bpfNumber = SYS_BPF[process.arch];
  if (bpfNumber === undefined) throw new Error(`no system calls are known for ${process.arch}`);
  const optionLength = new Int32Array(1);

  return {
    socket: (domain, type, protocol) => result(c.socket(domain, type, protocol)),
    bind: (fd, name) => result(c.bind(fd, name, name.length)),
    setsockopt: (fd, level, option, value) =>
      result(c.setsockopt(fd, level, option, value, value.length)),
    getsockopt(fd, level, option, value) {
      optionLength[0] = value.length;
      const failed = result(c.getsockopt(fd, level, option, value, optionLength));
      return failed < 0 ? failed : optionLength[0];
    },
    ioctl: (fd, request, argument) => result(c.ioctl(fd, request, argument)),
    mmap(length, fd, offset) {
      const flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
      return result(c.mmap(0, length, PROT_READ_WRITE, flags, fd, offset));
    },
    munmap: (address, length) => result(c.munmap(address, length)),
    poll: (fds, count, timeoutMillis) => result(c.poll(fds, count, timeoutMillis)),
    sendmmsg: (fd, messages, count, flags) => result(c.sendmmsg(fd, messages, count, flags)),
    recvmmsg: (fd, messages, count, flags) => result(c.recvmmsg(fd, messages, count, flags, 0)),
    send: (fd, bytes, length, flags) => result(c.send(fd, bytes, length, flags)),
    sendto: (fd, bytes, flags, name) =>
      result(c.sendto(fd, bytes, bytes.length, flags, name, name.length)),
    recv: (fd, bytes, length, flags) => result(c.recv(fd, bytes, length, flags)),
    read: (fd, bytes, length) => result(c.read(fd, bytes, length)),
    readv: (fd, vectors, count) => result(c.readv(fd, vectors, count)),
    write: (fd, bytes, length) => result(c.write(fd, bytes, length)),
    writev: (fd, vectors, count) => result(c.writev(fd, vectors, count)),
    eventfd: (count, flags) => result(c.eventfd(count, flags)),
    setns: (fd, type) => result(c.setns(fd, type)),
    bpf: (command, attributes) =>
      result(c.syscall(bpfNumber, command, attributes, attributes.length)),
    close: (fd) => result(c.close(fd)),
    memcpy: (to, from, length) => c.memcpy(to, from, length),
    addressOf: (bytes) => koffi.address(bytes),
    viewOf: (address, length) => koffi.view(address, length),
  };
}

/** `size_t` stands for addresses that are given as numbers. */
function bindFunctions(library: LibraryHandle) {
  const bound = (definition: string) => library.func(definition);
  return {
    socket: bound("int socket(int, int, int)"),
    bind: bound("int bind(int, void *, uint)"),
    setsockopt: bound("int setsockopt(int, int, int, void *, uint)"),
    getsockopt: bound("int getsockopt(int, int, int, void *, void *)"),
    ioctl: bound("int ioctl(int, ulong, void *)"),
    mmap: bound("int64 mmap(size_t, size_t, int, int, int, int64)"),
    munmap: bound("int munmap(size_t, size_t)"),
    poll: bound("int poll(size_t, ulong, int)"),
    sendmmsg: bound("int sendmmsg(int, size_t, uint, int)"),
    recvmmsg: bound("int recvmmsg(int, size_t, uint, int, size_t)"),
    send: bound("int64 send(int, size_t, size_t, int)"),
    sendto: bound("int64 sendto(int, void *, size_t, int, void *, uint)"),
    recv: bound("int64 recv(int, size_t, size_t, int)"),
    read: bound("int64 read(int, size_t, size_t)"),
    readv: bound("int64 readv(int, size_t, int)"),
    write: bound("int64 write(int, size_t, size_t)"),
    writev: bound("int64 writev(int, size_t, int)"),
    eventfd: bound("int eventfd(uint, int)"),
    setns: bound("int setns(int, int)"),
    syscall: bound("int64 syscall(int64, int64, void *, int64)"),
    close: bound("int close(int)"),
    memcpy: bound("void memcpy(size_t, size_t, size_t)"),
  };
}
