// A web server that tells who asked, gives large downloads and takes large uploads.
//
//   GET /                 {"client": {"address", "port"}, "server": {"address", "port"}, "method"}
//   GET /bytes/1000000    so many bytes, always the same; their sha256 is in the header x-sha256
//   POST /echo            what was sent
//   POST /sha256          {"bytes", "sha256"} of what was sent

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { plainAddress } from "./address.ts";
import { content, contentSha256 } from "./content.ts";

/** What GET / answers. */
export interface Asked {
  /** As the server saw it. */
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
  readonly method: string;
}

/** Not listening yet. */
export function webServer(): Server {
  return createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "/";
  const bytes = path.match(/^\/bytes\/(\d{1,12})$/)?.[1];
  if (bytes !== undefined) return download(Number(bytes), response);
  if (path === "/echo") {
    request.pipe(response);
    return;
  }
  if (path === "/sha256") return json(response, await digest(request));
  if (path === "/") return json(response, asked(request));
  response.statusCode = 404;
  json(response, { error: `there is no ${path}` });
}

function asked({ socket, method = "" }: IncomingMessage): Asked {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    client: { address: plainAddress(remoteAddress), port: remotePort ?? 0 },
    server: { address: plainAddress(localAddress), port: localPort ?? 0 },
    method,
  };
}

function download(bytes: number, response: ServerResponse): void {
  response.setHeader("content-type", "application/octet-stream");
  response.setHeader("content-length", bytes);
  response.setHeader("x-sha256", contentSha256(bytes));
  Readable.from(content(bytes)).pipe(response);
}

async function digest(request: IncomingMessage): Promise<object> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

function json(response: ServerResponse, value: object): void {
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify(value)}\n`);
}
