// Where the gateway has an address on a segment of a VPC: on an interface, or inside its VNI. What
// attachments have to do with each other is in check-attachments.ts.

import { type IpAddress, sameIpAddress } from "../wire/ip-address.ts";
import type { Prefix } from "../wire/prefix.ts";
import { isText, parseHostAddress, parseRemoteVtep } from "./gateway-addresses.ts";
import type { Attachment, Segment, Underlay } from "./model.ts";
import { checkInterfaceName } from "./parse-interfaces.ts";
import type { Located, Reporter } from "./report.ts";
import { isMapping, type RawIsthmus } from "./shape.ts";
import { nearest } from "./suggest.ts";

type RawAttachment = NonNullable<RawIsthmus["attachments"]>[number];

/** One entry of the list. What is wrong in it is undefined, and the rest is compared with others
 * all the same. */
export interface ParsedAttachment {
  /** Undefined also if there is no such VPC. */
  readonly vpc: string | undefined;
  readonly segment: Segment | undefined;
  readonly host: { readonly address: IpAddress; readonly network: Prefix } | undefined;
  readonly at: Reporter;
}

/** `vpcs` are the names that there are; undefined when that cannot be known. */
export function parseAttachments(
  { attachments }: RawIsthmus,
  vpcs: ReadonlySet<string> | undefined,
  underlay: Partial<Underlay> | undefined,
  report: Reporter,
): readonly ParsedAttachment[] {
  return (Array.isArray(attachments) ? attachments : []).map((each, index) => {
    const raw: Partial<RawAttachment> = isMapping(each) ? each : {};
    const at = report.at("attachments", index);
    const sound = !at.tainted;
    return {
      vpc: isText(raw.vpc) ? knownVpc(raw.vpc, vpcs, at.at("vpc")) : undefined,
      host: isText(raw.address) ? parseOwn(raw.address, at.at("address")) : undefined,
      segment: parseSegment(raw, underlay, sound, at),
      at,
    };
  });
}

/** Those that have all their parts, which is all of them when nothing is wrong. */
export function wholeAttachments(all: readonly ParsedAttachment[]): readonly Attachment[] {
  return all.flatMap(({ vpc, segment, host, at }) =>
    vpc !== undefined && segment && host
      ? [{ vpc, segment, ...host, place: at.located.place }]
      : [],
  );
}

/** The name, if there is such a VPC. */
export function knownVpc(
  name: string,
  names: ReadonlySet<string> | undefined,
  at: Reporter,
): string | undefined {
  if (!names || names.has(name)) return name;
  const guess = nearest(name, names);
  const hint = guess ? `Did you mean "${guess}"?` : "Add it under vpcs, or correct it.";
  at.say("isthmus/unknown-vpc", `There is no VPC "${name}".`, hint);
  return undefined;
}

function parseOwn(text: string, at: Reporter): ParsedAttachment["host"] {
  const host = parseHostAddress(text);
  if (!host) {
    const hint = 'Write the gateway\'s own address with its length, such as "10.0.0.1/24".';
    const message = `"${text}" is no address of a host in its network.`;
    at.say("isthmus/bad-address", message, hint);
    return undefined;
  }
  if (host.address.family === 6 && host.address.value >> 118n === 0xfe80n >> 6n) {
    const message = `${text} is link-local, and the gateway makes such an address by itself.`;
    const hint = "Write a global or unique local address of the network.";
    at.say("attachment/link-local", message, hint);
    return undefined;
  }
  return host;
}

function parseSegment(
  raw: Partial<RawAttachment>,
  underlay: Partial<Underlay> | undefined,
  sound: boolean,
  at: Reporter,
): Segment | undefined {
  // When not all is sound, a key may stand there with a slip.
  const both = raw.interface !== undefined && raw.vteps !== undefined;
  if (both || (raw.interface === undefined && raw.vteps === undefined && sound)) {
    const message = "An attachment is on an interface or inside the VNI: one of the two.";
    const hint = "Give either interface, or vteps: the VTEPs that the VPC's hosts are behind.";
    at.say("attachment/one-segment", message, hint);
  }
  const name = isText(raw.interface) ? raw.interface : undefined;
  if (name !== undefined) checkInterfaceName(name, at.at("interface"));
  const vteps = Array.isArray(raw.vteps)
    ? parseVteps(raw.vteps, underlay, at.at("vteps"))
    : undefined;
  if (raw.interface === undefined) return vteps && { kind: "vxlan", vteps };
  return raw.vteps === undefined && name !== undefined
    ? { kind: "interface", interface: name }
    : undefined;
}

/** Undefined if anything is wrong with them. */
function parseVteps(
  texts: readonly unknown[],
  underlay: Partial<Underlay> | undefined,
  at: Reporter,
): readonly IpAddress[] | undefined {
  if (texts.length === 0) {
    const hint = "List the VTEPs that the VPC's hosts are behind.";
    at.say("attachment/no-vteps", "Nobody is at the other end of the VNI.", hint);
  }
  const result: { readonly address: IpAddress; readonly located: Located }[] = [];
  for (const [index, text] of texts.entries()) {
    if (!isText(text)) continue;
    const here = at.at(index);
    const address = parseRemoteVtep(text, underlay, here);
    if (!address) continue;
    const same = result.find((each) => sameIpAddress(each.address, address));
    if (same) {
      here.say("attachment/duplicate-vtep", `${text} is listed twice.`, "Keep one.", same.located);
    } else result.push({ address, located: here.located });
  }
  return at.tainted ? undefined : result.map(({ address }) => address);
}
