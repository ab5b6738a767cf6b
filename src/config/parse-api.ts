// Where a running gateway answers programs: the `isthmus.api` key.

import { formatIpAddress, type IpAddress, parseIpAddress } from "../wire/ip-address.ts";
import { containsAddress, parsePrefix } from "../wire/prefix.ts";
import type { ApiOptions, ListenAddress } from "./model.ts";
import type { Reporter } from "./report.ts";
import { isMapping, type RawConfig } from "./shape.ts";

/** What unix(7) has room for, without the NUL at the end. */
const SOCKET_BYTES_MAX = 107;
const LOOPBACK = ["127.0.0.0/8", "::1/128"].map((text) => parsePrefix(text)!);

/** Whether only programs of this machine reach the address. */
export function isLoopback(address: IpAddress): boolean {
  return LOOPBACK.some((prefix) => containsAddress(prefix, address));
}

/** All there when nothing is wrong. */
export function parseApi({ isthmus }: RawConfig, root: Reporter): ApiOptions {
  const raw = isMapping(isthmus) && isMapping(isthmus?.api) ? isthmus?.api : undefined;
  const { socket, listen, token } = raw ?? {};
  const at = root.at("isthmus", "api");
  if (typeof socket === "string") checkSocket(socket, at.at("socket"));
  if (typeof token === "string") checkToken(token, at.at("token"));
  const address = typeof listen === "string" ? parseListen(listen, at.at("listen")) : undefined;
  if (address && token === undefined && !isLoopback(address.address)) {
    const where = formatIpAddress(address.address);
    const message = `The API would answer everybody who reaches ${where}.`;
    at.at("listen").say("isthmus/no-api-token", message, "Add token: …, or listen on 127.0.0.1.");
  }
  return {
    socket: typeof socket === "string" || socket === false ? socket : undefined,
    listen: address,
    token: typeof token === "string" ? token : undefined,
  };
}

function checkSocket(path: string, at: Reporter): void {
  const bytes = new TextEncoder().encode(path).length;
  if (/^\/[^\0]*[^\0/]$/.test(path) && bytes <= SOCKET_BYTES_MAX) return;
  const message = `${JSON.stringify(path)} cannot be the path of a socket.`;
  const hint = `Use an absolute path of ${SOCKET_BYTES_MAX} bytes at most, such as "/run/isthmus.sock".`;
  at.say("isthmus/bad-api-socket", message, hint);
}

/** It travels in a header of HTTP (RFC 6750, 2.1). */
function checkToken(token: string, at: Reporter): void {
  if (/^[\w.~+/-]{16,256}=*$/.test(token)) return;
  const message = "The token can be guessed, or cannot be sent.";
  const hint = "Use 16 to 256 letters, digits and -._~+/, such as `openssl rand -hex 32` prints.";
  at.say("isthmus/bad-api-token", message, hint);
}

/** "127.0.0.1:9477" or "[::1]:9477". */
function parseListen(text: string, at: Reporter): ListenAddress | undefined {
  const parts = /^(?:\[([\da-f:.]+)\]|([\d.]+)):([1-9]\d{0,4})$/i.exec(text);
  const address = parts ? parseIpAddress(parts[1] ?? parts[2] ?? "") : undefined;
  const port = Number(parts?.[3]);
  if (address && port <= 0xffff && (address.family === 6) === (parts?.[1] !== undefined)) {
    return { address, port };
  }
  const message = `"${text}" is no address with a port.`;
  const hint = 'Write an IP address and a port, such as "127.0.0.1:9477" or "[::1]:9477".';
  at.say("isthmus/bad-api-listen", message, hint);
  return undefined;
}
