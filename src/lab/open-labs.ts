// All that is open in this process and must not outlive it: closed when the process ends, whether
// by itself, by an exception, or by a signal. One list for the process, since signals are its.

interface Closable {
  close(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const open = new Set<Closable>();

/** Will be closed at the end of the process, if `forget` is not called before. */
export function remember(lab: Closable): void {
  if (open.size === 0) {
    process.on("exit", closeAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  open.add(lab);
}

export function forget(lab: Closable): void {
  if (!open.delete(lab) || open.size > 0) return;
  process.off("exit", closeAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function closeAll(): void {
  for (const lab of [...open]) lab.close();
}

/** Ends the process as the signal would have without us. Others who listen end it themselves, and
 * then we are asked again. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  closeAll();
  process.kill(process.pid, signal);
}
