// Serves the source files to a browser as they are, types stripped: there is no bundle that could
// hide an import of Node. On the loopback interface only.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { root } from "./source-files.ts";

/** The two packages that the core uses, by their builds for browsers. */
const IMPORTS = {
  yaml: "/node_modules/yaml/browser/index.js",
  zod: "/node_modules/zod/index.js",
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>core</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;

const SERVED =
  /^\/(?:src\/[\w/.-]+\.ts|tests\/support\/[\w.-]+\.ts|node_modules\/(?:yaml|zod)\/[\w/.-]+\.js)$/;

/** Returns the page's address and how to stop. */
export async function serveCore(): Promise<{ url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    answer(request.url ?? "").then(
      ([type, body]) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(path: string): Promise<[type: string, body: string]> {
  if (path === "/") return ["text/html", PAGE];
  if (!SERVED.test(path) || path.includes("..")) throw new Error(`not served: ${path}`);
  const text = await readFile(`${root}${path.slice(1)}`, "utf8");
  return ["text/javascript", path.endsWith(".ts") ? stripTypeScriptTypes(text) : text];
}
