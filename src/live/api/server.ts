// The API of a running gateway while it listens: by a UNIX socket, by TCP, or both.

import type { Server } from "node:net";
import type { FastifyInstance } from "fastify";
import type { ApiOptions } from "../../config/model.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import type { Log } from "../data-path.ts";
import { ROUTES } from "../routes/routes.ts";
import { buildApp } from "./app.ts";
import type { ApiGateway } from "./gateway.ts";
import { clearSocket, listenOnSocket } from "./unix-socket.ts";

/** Where it is when nobody says otherwise. */
export const DEFAULT_SOCKET = "/run/isthmus.sock";

export class ApiServer {
  readonly #log: Log;
  readonly #apps: FastifyInstance[] = [];
  #gateway: ApiGateway | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Listens wherever `api` says, or for the socket at `socket` instead. Throws an Error with a
   * sentence; but without the socket that nobody has asked for by name a gateway can do. */
  async open(api: ApiOptions, socket: string | false | undefined): Promise<void> {
    const path = socket ?? api.socket ?? DEFAULT_SOCKET;
    const isNamed = (socket ?? api.socket) !== undefined;
    if (path !== false) {
      try {
        await this.#listenAt(path);
      } catch (error) {
        if (isNamed) throw new Error(`the API cannot listen: ${(error as Error).message}`);
        const message = `there is no API: ${(error as Error).message}; --api-socket names another place`;
        this.#log({ level: "warn", message });
      }
    }
    if (api.listen) await this.#listenTo(api);
  }

  /** Requests get answers from now on. */
  serve(gateway: ApiGateway): void {
    this.#gateway = gateway;
  }

  /** Ends what is open, streams included. */
  async close(): Promise<void> {
    for (const app of this.#apps) {
      app.server.closeAllConnections();
      app.server.close();
      await app.close();
    }
  }

  async #listenAt(path: string): Promise<void> {
    await clearSocket(path);
    const app = await this.#app("socket", undefined);
    await listenOnSocket(app.server, path);
    this.#listens(app, path);
  }

  async #listenTo({ listen, token }: ApiOptions): Promise<void> {
    const { address, port } = listen!;
    const host = formatIpAddress(address);
    const app = await this.#app("tcp", token);
    const name = `http://${address.family === 6 ? `[${host}]` : host}:${port}`;
    try {
      await listening(app.server, host, port);
    } catch (error) {
      throw new Error(`the API cannot listen on ${name}: ${(error as Error).message}`);
    }
    this.#listens(app, name);
  }

  async #app(via: "socket" | "tcp", token: string | undefined): Promise<FastifyInstance> {
    const gateway = () => this.#gateway;
    const app = buildApp({ routes: ROUTES, gateway, via, token, log: this.#log });
    await app.ready();
    return app;
  }

  #listens(app: FastifyInstance, where: string): void {
    this.#apps.push(app);
    this.#log({ level: "info", message: `the API listens on ${where}`, details: { api: where } });
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
