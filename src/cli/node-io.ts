// The outside as Node gives it.

import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  writeSync,
} from "node:fs";
import { setTimeout } from "node:timers/promises";
import { systemClock } from "../base/clock.ts";
import type { CliIo, Input, Output } from "./io.ts";

/** Small writes are gathered up to this many bytes. */
const GATHER = 1 << 20;

/** The pipe at standard output. */
let closed = false;

export function nodeIo(): CliIo {
  return {
    get unread() {
      return closed;
    },
    out: (text) => explained("standard output", () => writeAll(1, text)),
    err: (text) => writeAll(2, text),
    readFile: (path) => explained(path, () => readFileSync(path === "-" ? 0 : path, "utf8")),
    openInput: (path) => explained(path, () => openInput(path)),
    openOutput: (path) => explained(path, () => openOutput(path), WRITING),
    sameFile: (a, b) => realPath(a) === realPath(b),
    exit: (code) => {
      process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
    },
    stay: (work) => {
      const failed = (error: unknown) => {
        const { message = error, stack = message } = error instanceof Error ? error : {};
        writeAll(2, `isthmus: ${error instanceof FileError ? message : stack}\n`);
        return 1;
      };
      void work.catch(failed).then((code) => process.exit(code));
    },
    colour: process.stdout.isTTY === true && !process.env["NO_COLOR"],
    get columns() {
      return process.stdout.isTTY === true ? process.stdout.columns : undefined;
    },
    watched: process.stderr.isTTY === true,
    now: () => systemClock.now(),
    sleep: (millis) => setTimeout(millis),
    onInterrupt: (act) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, act);
    },
    variable: (name) => process.env[name],
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "no permission",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is no directory",
  ENOSPC: "no space left",
};

/** A file that is not there is made, so then it is its folder. */
const WRITING: Readonly<Record<string, string>> = {
  ...REASONS,
  ENOENT: "there is no such folder to write it into",
};

/** Told in the message, which is a sentence for people. */
class FileError extends Error {}

/** Runs `work`; an error of the system becomes a sentence about the file. */
function explained<T>(path: string, work: () => T, reasons = REASONS): T {
  try {
    return work();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new FileError(`${path}: ${reasons[code] ?? message}`, { cause: error });
  }
}

function writeAll(fd: number, data: string | Uint8Array): void {
  let rest = typeof data === "string" ? Buffer.from(data) : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader who has seen enough has closed the pipe; that is no failure of ours.
      if (code === "EPIPE") {
        closed ||= fd === 1;
        return;
      }
      if (code !== "EAGAIN") throw error;
    }
  }
}

function openInput(path: string): Input {
  const fd = path === "-" ? 0 : openSync(path, "r");
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
  }
  return {
    size: stat.isFile() ? stat.size : undefined,
    read: (buffer) => explained(path, () => readSome(fd, buffer)),
    close: () => closeSync(fd),
  };
}

function readSome(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
    }
  }
}

function openOutput(path: string): Output {
  const fd = path === "-" ? 1 : openSync(path, "w");
  const buffer = new Uint8Array(GATHER);
  let used = 0;
  const flush = () => {
    explained(path, () => writeAll(fd, buffer.subarray(0, used)));
    used = 0;
  };
  return {
    write(bytes) {
      if (used + bytes.length > GATHER) flush();
      if (bytes.length > GATHER) explained(path, () => writeAll(fd, bytes));
      else {
        buffer.set(bytes, used);
        used += bytes.length;
      }
    },
    flush,
    close() {
      flush();
      if (fd > 2) closeSync(fd);
    },
  };
}
