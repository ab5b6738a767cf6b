// A UNIX socket that only its owner may use (unix(7)).

import { lstatSync, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";

/** Takes away a socket that a process has left behind. Throws an Error with a sentence when a
 * living one listens there, or it is something else. */
export async function clearSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`${path} is there already, and it is no socket`);
  if (await isAlive(path)) throw new Error(`${path} is the socket of another process that runs`);
  unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection({ path });
    // One that may not be asked, or that has too much to do, is no dead one.
    connection.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED"));
    connection.on("connect", () => {
      connection.destroy();
      resolve(true);
    });
  });
}

/** Mode 0600 from the first moment. Rejects with an Error when it cannot be. */
export function listenOnSocket(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The socket is made within the call.
    const before = process.umask(0o177);
    try {
      server.listen({ path }, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
