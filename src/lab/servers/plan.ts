import type { DnsNames } from "./dns.ts";

/** Which servers a host runs: ports, 1 to 65535. */
export interface ServersPlan {
  readonly web?: number;
  /** TCP and UDP. */
  readonly echo?: number;
  /** TCP and UDP. */
  readonly dns?: { readonly port: number; readonly names: DnsNames };
}
