// A system call that failed, in words: "bind ens5: ENODEV, no such device".

import { getSystemErrorMap } from "node:util";

export class SystemError extends Error {
  /** What was tried, e.g. "bind ens5". */
  readonly call: string;
  /** The error's name, e.g. "ENODEV". */
  readonly code: string;
  /** The error's number, above 0; errno(3). */
  readonly errno: number;

  constructor(call: string, errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "no name for it"];
    super(`${call}: ${code}, ${text}`);
    this.name = "SystemError";
    this.call = call;
    this.code = code;
    this.errno = errno;
  }
}

/** Gives back what a system call returned, or throws when that is an error: for calls whose failure
 * ends what was begun. `call` says what was tried, and with what. */
export function must(result: number, call: string): number {
  if (result < 0) throw new SystemError(call, -result);
  return result;
}

// Errors that are looked for; errno(3), the same numbers on x64 and arm64.
export const EPERM = 1;
export const EINTR = 4;
export const ENXIO = 6;
export const EAGAIN = 11;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const EMSGSIZE = 90;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENOBUFS = 105;
