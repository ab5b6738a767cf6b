/** Of somebody who called a socket for both families: IPv4 addresses come as "::ffff:192.0.2.1". */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}
