// Who may ask. By the UNIX socket whoever can open it; by TCP whoever brings the token. Without one
// it is for this machine alone, and not for pages that its browser shows: those come under another
// host's name (DNS rebinding), or as one of the few media types that a page may send unasked. What
// a page has loaded blindly, such as an image, browsers mark (Fetch Metadata).

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "./problem.ts";

const OWN_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i;

/** The problem of a request that is refused. */
export function whyNot(
  { authorization, host = "", origin, ...others }: IncomingHttpHeaders,
  via: "socket" | "tcp",
  token: string | undefined,
): Problem | undefined {
  if (via === "socket") return undefined;
  if (token !== undefined) {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (given !== undefined && isSame(given, token)) return undefined;
    const headers = { "www-authenticate": 'Bearer realm="isthmus"' };
    return new Problem(401, "Send the token of isthmus.api: Authorization: Bearer …", { headers });
  }
  if (!OWN_HOST.test(host)) return new Problem(421, "This is not the host that was asked for.");
  const site = others["sec-fetch-site"];
  if (origin !== undefined || site === "cross-site" || site === "same-site")
    return new Problem(403, "Pages of other hosts may not ask here.");
  return undefined;
}

/** Takes as long for any two. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left!, right!);
}
