// Gives back what it gets, by TCP and by UDP (RFC 862).

import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:net";

/** Not listening yet. */
export function tcpEcho(): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
}

/** Not bound yet; for both families. */
export function udpEcho(): Socket {
  const socket = createSocket("udp6");
  socket.on("message", (message: Buffer, { address, port }) => socket.send(message, port, address));
  return socket;
}
