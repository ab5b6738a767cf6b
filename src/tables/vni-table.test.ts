import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { buildVniTable, vpcOfVni } from "./vni-table.ts";

const vni = fc.oneof(fc.integer({ min: 1, max: 0xffffff }), fc.integer({ min: 1, max: 300 }));

property(
  "every VNI leads to its VPC, and no other VNI to any",
  [fc.uniqueArray(vni, { maxLength: 300 }), fc.array(vni, { maxLength: 50 })],
  (vnis, others) => {
    const table = buildVniTable(vnis);
    for (const [vpc, each] of vnis.entries()) assert.equal(vpcOfVni(table, each), vpc);
    for (const other of others) assert.equal(vpcOfVni(table, other), vnis.indexOf(other));
  },
);
