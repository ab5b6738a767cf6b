// Run by whole.test.ts in a namespace: one end of a TCP connection, which sends bytes of its own
// while it reads the other's. Arguments: "listen" or "connect", address, port, how many bytes,
// seed. Prints the hashes of what it sent and of what it got.

import { createHash } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { seededRandom } from "../../src/base/random.ts";

const [kind, host, port, total, seed] = process.argv.slice(2);
const PIECE = 1 << 20;

function talk(socket: Socket): void {
  const sent = createHash("sha256");
  const got = createHash("sha256");
  let bytes = 0;
  socket.on("data", (data) => {
    got.update(data);
    bytes += data.length;
  });
  socket.on("close", () => {
    process.stdout.write(
      `${JSON.stringify({ sent: sent.digest("hex"), got: got.digest("hex"), bytes })}\n`,
    );
    process.exit();
  });
  const random = seededRandom(Number(seed));
  const piece = Buffer.from(Uint8Array.from({ length: PIECE }, () => random.below(256)));
  let left = Number(total);
  const send = () => {
    while (left > 0) {
      const part = piece.subarray(0, Math.min(left, PIECE));
      piece[left % PIECE]! ^= 0xff;
      left -= part.length;
      sent.update(part);
      if (!socket.write(Buffer.from(part))) break;
    }
    if (left > 0) socket.once("drain", send);
    else socket.end();
  };
  send();
}

if (kind === "listen") {
  createServer({ allowHalfOpen: true }, talk).listen(Number(port), host, () => {
    process.stdout.write("ready\n");
  });
} else {
  const options = { host: host!, port: Number(port), allowHalfOpen: true };
  const socket = connect(options, () => talk(socket));
}
