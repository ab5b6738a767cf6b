// Data path.
// Which VPC has this VNI: a small hash table with open addressing, at most half full.

const EMPTY = -1;

/** Words: pairs of (VNI, VPC index); a power of two of them. */
export function buildVniTable(vnis: readonly number[]): Int32Array {
  let slots = 16;
  while (slots < vnis.length * 2) slots *= 2;
  const table = new Int32Array(slots * 2).fill(EMPTY);
  vnis.forEach((vni, vpc) => {
    let slot = slotOf(vni, slots);
    while (table[slot * 2] !== EMPTY) slot = (slot + 1) & (slots - 1);
    table[slot * 2] = vni;
    table[slot * 2 + 1] = vpc;
  });
  return table;
}

/** The index of the VPC with that VNI, -1 when there is none. */
export function vpcOfVni(table: Int32Array, vni: number): number {
  const mask = (table.length >> 1) - 1;
  let slot = slotOf(vni, mask + 1);
  while (table[slot * 2]! !== EMPTY) {
    if (table[slot * 2]! === vni) return table[slot * 2 + 1]!;
    slot = (slot + 1) & mask;
  }
  return -1;
}

/** Spreads neighbouring VNIs; Fibonacci hashing. */
function slotOf(vni: number, slots: number): number {
  return (Math.imul(vni, 0x9e3779b1) >>> 8) & (slots - 1);
}
