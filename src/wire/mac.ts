// MAC addresses (IEEE 802) as six bytes.

const FORM = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** Reads "02:00:00:00:00:01"; undefined for anything else. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!FORM.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (part) => Number.parseInt(part, 16));
}

/** The six bytes from `at`. */
export function formatMac(bytes: Uint8Array, at = 0): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(
    ":",
  );
}

/** Whether a host may have it: neither a group address nor zero. */
export function isUnicastMac(mac: Uint8Array): boolean {
  return (mac[0]! & 1) === 0 && mac.some((byte) => byte !== 0);
}
