// VPCs and their subnets.

import { type Prefix, parsePrefix } from "../wire/prefix.ts";
import { type Attachment, MTU_MAX, type Vpc } from "./model.ts";
import type { Joints, VpcJoint } from "./parse-isthmus.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawConfig, type RawVpc } from "./shape.ts";

const VNI_MAX = 0xffffff;

export interface ParsedVpc {
  readonly vpc: Vpc;
  readonly located: Located;
  readonly subnets: ReadonlyMap<string, Prefix>;
}

/** Only VPCs with nothing wrong in them; every name that was written, wrong or not, in `names`. */
export interface ParsedVpcs {
  readonly byName: ReadonlyMap<string, ParsedVpc>;
  readonly names: ReadonlySet<string>;
}

export function parseVpcs(raw: RawConfig, joints: Joints, report: Reporter): ParsedVpcs {
  const byName = new Map<string, ParsedVpc>();
  const byVni = new Map<number, Located>();
  const byId = new Map<string, Located>();
  const all = raw.vpcs ?? {};
  const attached = Map.groupBy(joints.attachments, ({ vpc }) => vpc);
  for (const name of Object.keys(all).sort()) {
    const at = report.at("vpcs", name);
    const rawVpc = all[name]!;
    if (!isMapping(rawVpc)) continue;
    const vni = parseVni(rawVpc, at);
    const subnets = parseSubnets(rawVpc, at);
    checkId(rawVpc, at, byId);
    if (vni === undefined) continue;
    const other = byVni.get(vni);
    if (other) {
      const message = `VNI ${vni} belongs to two VPCs.`;
      at.at("vni").say("vpc/duplicate-vni", message, "Give each VPC its own VNI.", other);
      continue;
    }
    byVni.set(vni, at.at("vni").located);
    if (at.tainted) continue;
    const vpc: Vpc = {
      name,
      vni,
      place: at.located.place,
      ...extras(raw, name, joints.vpcs.get(name), attached.get(name) ?? []),
    };
    byName.set(name, { vpc, located: at.located, subnets });
  }
  return { byName, names: new Set(Object.keys(all)) };
}

/** What the `isthmus` key adds. */
function extras(
  { isthmus }: RawConfig,
  name: string,
  joint: VpcJoint | undefined,
  attached: readonly Attachment[],
): Omit<Vpc, "name" | "vni" | "place"> {
  const raw = isMapping(isthmus) && isMapping(isthmus?.vpcs) ? isthmus?.vpcs?.[name] : undefined;
  const { mtu, flows } = isMapping(raw) && raw ? raw : {};
  const all = [...(joint?.addresses ?? []), ...attached.map(({ address }) => address)];
  return {
    remote: joint?.remote,
    addresses: all.filter(
      ({ family }, index) => all.findIndex((each) => each.family === family) === index,
    ),
    mtu: mtu ?? MTU_MAX,
    flows,
  };
}

function parseVni({ vni }: RawVpc, at: Reporter): number | undefined {
  if (at.at("vni").tainted) return undefined;
  if (vni === undefined) {
    // It may stand there under another key.
    if (at.tainted) return undefined;
    const hint = `Add vni: a number from 1 to ${VNI_MAX}.`;
    at.say("vpc/missing-vni", "The VPC has no VNI.", hint);
    return undefined;
  }
  if (vni < 1 || vni > VNI_MAX) {
    const hint = `Use a number from 1 to ${VNI_MAX}.`;
    at.at("vni").say("vpc/bad-vni", `${vni} is no VNI.`, hint);
    return undefined;
  }
  return vni;
}

function parseSubnets(raw: RawVpc, at: Reporter): ReadonlyMap<string, Prefix> {
  const result = new Map<string, Prefix>();
  const subnets = isMapping(raw.subnets) ? raw.subnets : undefined;
  for (const [name, subnet] of Object.entries(subnets ?? {})) {
    const cidr = isMapping(subnet) ? subnet.cidr : undefined;
    if (cidr === undefined || at.at("subnets", name, "cidr").tainted) continue;
    const prefix = parsePrefix(cidr);
    if (prefix) result.set(name, prefix);
    else {
      const hint = 'Write address and length, such as "10.0.0.0/24".';
      at.at("subnets", name, "cidr").say("vpc/bad-subnet", `"${cidr}" is no prefix.`, hint);
    }
  }
  return result;
}

/** Only the reference format has ids; where one is given it must be right. */
function checkId({ internalID }: RawVpc, at: Reporter, seen: Map<string, Located>): void {
  if (internalID === undefined) return;
  const here = at.at("internalID");
  if (here.tainted) return;
  const id = String(internalID);
  if (!/^[A-Za-z0-9]{5}$/.test(id)) {
    here.say(
      "vpc/bad-id",
      `"${id}" is no internal id.`,
      "Use exactly five letters or digits, in quotes.",
    );
    return;
  }
  const other = seen.get(id);
  if (other) {
    const hint = "Give each VPC its own id, or leave it out.";
    here.say("vpc/duplicate-id", `Internal id "${id}" belongs to two VPCs.`, hint, other);
  } else seen.set(id, here.located);
}
