// Data path.
// Addresses no Ethernet frame may carry.

/** A source that is a group address or zero, or a destination of zero (IEEE 802, 8.2). */
export function badEthernet(view: DataView, at: number): boolean {
  const sourceHigh = view.getUint16(at + 6);
  if ((sourceHigh & 0x0100) !== 0) return true;
  if (sourceHigh === 0 && view.getInt32(at + 8) === 0) return true;
  return view.getInt32(at) === 0 && view.getUint16(at + 4) === 0;
}
