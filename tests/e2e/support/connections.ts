// Run on a host: so many TCP connections to one address at the same time, each of which asks and is
// answered. Prints how many were.
//
//   node connections.ts ADDRESS PORT COUNT [SECONDS]
//
// With SECONDS the connections stay, and ask again every 100 ms for so long.

import { createConnection } from "node:net";

const [address = "", port = "", count = "", seconds = "0"] = process.argv.slice(2);
const until = performance.now() + Number(seconds) * 1000;
let good = 0;
let open = Number(count);

function connect(number: number): void {
  const socket = createConnection(Number(port), address);
  const text = `I am ${number}`;
  let heard = "";
  const done = (isGood: boolean) => {
    if (isGood) good++;
    socket.destroy();
    open--;
    if (open === 0) process.stdout.write(`${good}\n`);
  };
  socket.setEncoding("utf8").setTimeout(15_000, () => done(false));
  socket.on("connect", () => socket.write(text));
  socket.on("error", () => {});
  socket.on("close", (hadError) => hadError && done(false));
  socket.on("data", (data) => {
    heard += data;
    if (heard.length < text.length) return;
    if (heard !== text || performance.now() >= until) done(heard === text);
    else {
      heard = "";
      setTimeout(() => socket.write(text), 100);
    }
  });
}

// A test imports every module.
if (address !== "") for (let i = 0; i < Number(count); i++) connect(i);
