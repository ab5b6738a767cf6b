// A small server in the place of a gateway's API: it answers with what a test gives it, and remembers
// what it was asked.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CliIo } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: unknown;
  readonly token: string | undefined;
}

/** A value to be sent as JSON; a `Refusal` as a problem; text as it is. */
export type Answer = object | string;

export class Refusal {
  readonly problem: Readonly<Record<string, unknown>> & { readonly status: number };

  constructor(status: number, title: string, more: object = {}) {
    this.problem = { type: "about:blank", title, status, ...more };
  }
}

/** By "GET /v1/flows", without the query. */
export type Answers = Readonly<Record<string, Answer | ((asked: Asked) => Answer)>>;

export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
  /** What was written, by name. */
  readonly files: ReadonlyMap<string, string>;
}

export interface RunOptions {
  readonly columns?: number;
  readonly colour?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Milliseconds on the clock when the command waits; true: it may wait no more. */
  /** After so many pieces of output nobody reads them any more. */
  readonly readable?: number;
  readonly slept?: (millis: number) => boolean;
}

export interface FakeApi {
  /** Path of the socket. */
  readonly socket: string;
  readonly asked: readonly Asked[];
  run(words: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** `work` with a server that is gone afterwards. */
export async function withFakeApi(
  answers: Answers,
  work: (api: FakeApi) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-api-"));
  const socket = path.join(folder, "api.sock");
  const asked: Asked[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const question = await readQuestion(incoming);
    asked.push(question);
    const answer = answerTo(answers, question);
    const refused = answer instanceof Refusal;
    outgoing.statusCode = refused ? answer.problem.status : 200;
    const type = refused ? "application/problem+json" : "application/json";
    outgoing.setHeader("content-type", type);
    const value = refused ? answer.problem : answer;
    outgoing.end(typeof value === "string" ? Buffer.from(value, "latin1") : JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    await work({
      socket,
      asked,
      run: (words, options) =>
        runCli(words.includes("--api") ? words : [...words, "--api", socket], options),
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
}

async function readQuestion(incoming: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    body: incoming.headers["content-type"] === "application/json" ? JSON.parse(text) : text,
    token: incoming.headers.authorization,
  };
}

function answerTo(answers: Answers, asked: Asked): Answer {
  const answer = answers[`${asked.method} ${asked.path.split("?")[0]}`];
  if (answer === undefined) return new Refusal(404, "There is no such page");
  return typeof answer === "function" ? answer(asked) : answer;
}

/** The command line in memory, but for the socket. */
export async function runCli(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { columns, colour = false, files = {}, variables = {}, slept = () => false } = options;
  const { readable = Number.POSITIVE_INFINITY } = options;
  const written = new Map<string, string>();
  const decoder = new TextDecoder();
  const result = { out: "", err: "", code: 0, files: written };
  let now = 0;
  let end: ((code: number) => void) | undefined;
  let work: Promise<number> | undefined;
  const no = () => {
    throw new Error("no command here does that");
  };
  let pieces = 0;
  const io: CliIo = {
    get unread() {
      return pieces > readable;
    },
    out: (text) => {
      pieces++;
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    readFile: (name) => files[name] ?? no(),
    openInput: no,
    openOutput: (name) => ({
      write: (bytes) => {
        pieces++;
        written.set(name, (written.get(name) ?? "") + decoder.decode(bytes));
      },
      flush: () => {},
      close: () => {},
    }),
    sameFile: (a, b) => a === b,
    exit: (code) => {
      result.code = Math.max(result.code, code);
    },
    stay: (more) => {
      work = more;
    },
    colour,
    columns,
    watched: false,
    now: () => now,
    sleep: async (millis) => {
      now += millis;
      // Somebody presses Ctrl-C, which no command outlives.
      if (slept(now)) {
        end?.(130);
        await new Promise(() => {});
      }
    },
    onInterrupt: () => {},
    variable: (name) => variables[name],
  };
  main(words, io);
  const interrupted = new Promise<number>((resolve) => {
    end = resolve;
  });
  if (work) result.code = Math.max(result.code, await Promise.race([work, interrupted]));
  return result;
}
