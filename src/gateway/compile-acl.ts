// The ACL of each peering as two lists, one for each direction.

import type { Acl, AclRule, Peering } from "../config/model.ts";
import { type AclEntry, buildAclTable } from "../tables/acl-table.ts";
import type { Snapshot } from "../tables/snapshot.ts";
import type { Decision } from "./outcome.ts";

/** By name of the sending VPC: index of the list. */
export type AclLists = ReadonlyMap<string, number>;

export class AclCompiler {
  readonly ruleNames: Decision[] = [];
  /** By list index: the ACL itself, for its default. */
  readonly listNames: Decision[] = [];
  readonly #entries: AclEntry[] = [];
  readonly #lists: number[] = [];
  readonly #denies: number[] = [];
  readonly #packets: number[] = [];

  /** Undefined when the peering has no ACL. */
  add(peering: Peering): AclLists | undefined {
    const { acl } = peering;
    if (acl === undefined) return undefined;
    return new Map(peering.sides.map((side) => [side.vpc, this.#list(acl, side.vpc)]));
  }

  finish(): Pick<Snapshot, "aclEntries" | "acls" | "aclDenies" | "aclPackets"> {
    return {
      aclEntries: buildAclTable(this.#entries),
      acls: Int32Array.from(this.#lists),
      aclDenies: Uint8Array.from(this.#denies),
      aclPackets: Uint8Array.from(this.#packets),
    };
  }

  #list(acl: Acl, from: string): number {
    const first = this.#entries.length;
    const mine = acl.rules.filter((rule) => rule.from === from);
    for (const rule of mine) this.#rule(rule);
    const each = mine.some(({ scope }) => scope === "packet");
    const withPorts = mine.some(({ source, destination }) =>
      [...source, ...destination].some(({ ports }) => ports !== undefined),
    );
    const byDefault = acl.default === "deny";
    this.#lists.push(first, this.#entries.length, +byDefault, +each, +withPorts);
    return this.listNames.push({ label: `acl default ${acl.default}`, place: acl.place }) - 1;
  }

  #rule(rule: AclRule): void {
    this.#packets.push(rule.scope === "packet" ? 1 : 0);
    const number = this.#denies.push(rule.action === "deny" ? 1 : 0) - 1;
    const name = rule.name === "" ? `acl rule (${rule.action})` : `acl rule ${rule.name}`;
    this.ruleNames.push({ label: name, place: rule.place });
    for (const source of rule.source) {
      for (const destination of rule.destination) {
        if (source.prefix.family !== destination.prefix.family) continue;
        this.#entries.push({ source, destination, protocol: rule.protocol ?? -1, rule: number });
      }
    }
  }
}
