// What captures consist of, whatever the file format.

/** Numbers of https://www.tcpdump.org/linktypes.html that frames of ours can have. */
export const LINK_ETHERNET = 1;
export const LINK_RAW = 101;
const LINK_IPV4 = 228;
const LINK_IPV6 = 229;
/** Raw IP as older BSD systems number it. */
const LINK_RAW_OLD = 12;

export interface CaptureInterface {
  readonly linkType: number;
  readonly name?: string | undefined;
}

export interface CapturedFrame {
  /** Index into the interfaces of the capture. */
  readonly iface: number;
  /** Since 1970, in nanoseconds; below 2^64. */
  readonly nanos: bigint;
  /** As much as was captured. */
  readonly bytes: Uint8Array;
  /** On the wire; more than was captured when the capture cut it off. */
  readonly originalLength: number;
}

/** How frames of that link type start; undefined when we cannot read them. */
export function linkKind(linkType: number): "ethernet" | "raw-ip" | undefined {
  if (linkType === LINK_ETHERNET) return "ethernet";
  const raw = [LINK_RAW, LINK_IPV4, LINK_IPV6, LINK_RAW_OLD].includes(linkType);
  return raw ? "raw-ip" : undefined;
}
