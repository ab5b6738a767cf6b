// Requests to a running gateway, by its UNIX socket.

import { type IncomingMessage, request } from "node:http";

export interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Replied {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

export function open(
  socketPath: string,
  path: string,
  asked: Asked = {},
): Promise<IncomingMessage> {
  const { method = "GET", body, headers } = asked;
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, method, headers: { ...headers } };
    const sent = request(options, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function ask(socketPath: string, path: string, asked: Asked = {}): Promise<Replied> {
  const reply = await open(socketPath, path, asked);
  let text = "";
  for await (const part of reply.setEncoding("utf8")) text += part;
  return { status: reply.statusCode ?? 0, type: reply.headers["content-type"], text };
}

export const YAML = { "content-type": "application/yaml" };
export const JSON_TYPE = { "content-type": "application/json" };
