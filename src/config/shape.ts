// The shape of a configuration: which keys there are and what kind of value each has. Meaning is
// checked elsewhere. The JSON Schema for editors comes from here.

import { z } from "zod";
import type { ExposeMode } from "./expose-mode.ts";
import { FACILITIES } from "./facilities.ts";
import { KINDS } from "./objects.ts";

const text = z.string();
const count = z.int().min(0).max(0xffffffff);
const duration = text.optional();
const fragmentLimit = z.int().min(4).max(65536).optional();
/** Ports and numbers that people write with or without quotes. */
const numberOrText = z.union([z.string(), z.int()]);

const PORTS = 'e.g. "80", "8000-8100" or "80,443"';

const prefixEntry = z.strictObject({
  cidr: text.optional().describe("a prefix to include"),
  vpcSubnet: text.optional().describe("a subnet of this VPC to include"),
  not: text.optional().describe("a prefix to leave out"),
  ports: numberOrText.optional().describe(`only these ports, ${PORTS}`),
});

/** What the peer sees are not the VPC's own subnets. */
const publicEntry = prefixEntry.omit({ vpcSubnet: true });

function expose(modes: readonly ExposeMode[]) {
  const nat = Object.fromEntries(modes.map((mode) => [mode.key, mode.shape.optional()]));
  return z.strictObject({
    default: z.boolean().optional().describe("whatever no other expose covers"),
    ips: z.array(prefixEntry).optional().describe("the addresses as hosts of this VPC have them"),
    as: z.array(publicEntry).optional().describe("the addresses as the peer sees them"),
    nat: z.strictObject(nat).optional().describe("how one becomes the other: exactly one mode"),
  });
}

const aclSide = z.array(
  z.strictObject({
    cidr: text.optional(),
    vpcSubnet: text.optional(),
    ports: z.array(numberOrText).optional().describe(PORTS),
  }),
);

const acl = z.strictObject({
  default: z.enum(["deny", "deny-unless-exposed", ""]).optional(),
  rules: z.array(
    z.strictObject({
      name: text.optional(),
      from: text.optional().describe("the sending VPC"),
      to: text.optional().describe("the receiving VPC"),
      action: z.enum(["allow", "deny"]),
      match: z
        .strictObject({
          src: aclSide.optional().describe("the sender's own addresses"),
          dst: aclSide.optional().describe("the addresses the sender uses"),
          proto: numberOrText.optional().describe("tcp, udp or a number"),
        })
        .optional(),
      scope: z.enum(["flow", "packet", ""]).optional(),
      log: z.boolean().optional(),
    }),
  ),
});

const vpc = z.strictObject({
  internalID: numberOrText.optional(),
  vni: z.int().optional().describe("VXLAN network identifier, 1 to 16777215"),
  subnets: z.record(text, z.strictObject({ cidr: text.optional() })).optional(),
});

function peering(modes: readonly ExposeMode[]) {
  return z.strictObject({
    gatewayGroup: text.optional(),
    peering: z
      .record(
        text,
        z.strictObject({
          expose: z.array(expose(modes)),
          hairpin: z.boolean().optional().describe("its hosts may use its own public addresses"),
        }),
      )
      .describe("what each of the two VPCs offers the other"),
    acl: acl.optional(),
  });
}

const gateway = z.strictObject({
  asn: count.optional(),
  protocolIP: text.optional(),
  vtepIP: text.optional(),
  vtepMAC: text.optional(),
  vtepMTU: count.optional(),
  workers: z.int().min(0).max(255).optional(),
  flowTableCapacity: count.optional().describe("most flows at a time"),
  groups: z.array(z.strictObject({ name: text, priority: count.optional() })).optional(),
  interfaces: z
    .record(
      text,
      z.strictObject({
        ips: z.array(text).optional(),
        mtu: count.optional(),
        pci: text.optional(),
        kernel: text.optional(),
      }),
    )
    .optional(),
  neighbors: z
    .array(z.strictObject({ ip: text.optional(), asn: count.optional(), source: text.optional() }))
    .optional(),
  logs: z
    .strictObject({
      default: text.optional(),
      tags: z.record(text, text).optional(),
      rateLimit: z
        .strictObject({ burst: count.optional(), replenishPerSecond: count.optional() })
        .optional(),
    })
    .optional(),
  profiling: z.strictObject({ enabled: z.boolean().optional() }).optional(),
});

const groups = z.record(
  text,
  z.strictObject({
    members: z.array(z.strictObject({ name: text, priority: count, vtepIP: text })).nullish(),
  }),
);

const isthmus = z
  .strictObject({
    attachments: z
      .array(
        z.strictObject({
          vpc: text,
          interface: text.optional().describe("the segment is this interface, or"),
          vteps: z.array(text).optional().describe("the VNI, with hosts behind these VTEPs"),
          address: text.describe("the gateway's own, with its length; e.g. 10.0.0.1/24"),
        }),
      )
      .optional()
      .describe("where the gateway has an address on a segment of a VPC"),
    routes: z
      .array(
        z.strictObject({
          vpc: text,
          to: text.describe("a prefix"),
          via: text.optional().describe("a router on an attachment of the VPC, or"),
          vtep: text.optional().describe("far end of a tunnel, with routerMac"),
          routerMac: text.optional(),
        }),
      )
      .optional()
      .describe("static routes of VPCs"),
    underlay: z
      .strictObject({
        interface: text,
        vtep: text.describe("the gateway's own IPv4 address there"),
        vtepMac: text.optional().describe("its MAC in tunnels; 02:49 and the VTEP's four bytes"),
      })
      .optional()
      .describe("the VXLAN side of the gateway"),
    interfaces: z
      .record(
        text,
        z.strictObject({
          driver: z.enum(["af-packet", "af-xdp", "tap"]).optional().describe("af-packet if absent"),
          promiscuous: z.boolean().optional().describe("take frames for other MACs; false"),
        }),
      )
      .optional()
      .describe("how interfaces are driven, by name"),
    vpcs: z
      .record(
        text,
        z.strictObject({
          vtep: text.optional().describe("far end of its tunnel, with routerMac"),
          routerMac: text.optional(),
          addresses: z.array(text).optional().describe("the gateway's own addresses there"),
          mtu: z.int().min(68).max(65535).optional().describe("longest IP packet that it takes"),
          flows: z.int().min(1).max(0x7fffffff).optional().describe("most flows of its hosts"),
        }),
      )
      .optional()
      .describe("what the gateway is to a VPC"),
    clampMss: z.boolean().optional().describe("hold the MSS of a SYN to the MTUs of its VPCs"),
    timers: z
      .strictObject({
        preset: z.enum(["rfc", "reference"]).optional(),
        tcp: z
          .strictObject({
            opening: duration.describe("until both sides have spoken; 4m"),
            established: duration.describe("2h4m"),
            closing: duration.describe("from the first FIN or a reset on; 4m"),
          })
          .optional(),
        udp: z
          .strictObject({
            unanswered: duration.describe("2m"),
            established: duration.describe("5m"),
          })
          .optional(),
        icmp: z.strictObject({ query: duration.describe("60s") }).optional(),
        rest: duration.describe("before a public endpoint is given to another; 120s"),
      })
      .optional()
      .describe("how long flows may be idle"),
    api: z
      .strictObject({
        socket: z
          .union([text, z.literal(false)])
          .optional()
          .describe("path of its UNIX socket, false for none; /run/isthmus.sock"),
        listen: text.optional().describe('also by TCP, e.g. "127.0.0.1:9477"'),
        token: text.optional().describe("what requests by TCP must bring, as a bearer token"),
      })
      .optional()
      .describe("where a running gateway answers programs"),
    fragments: z
      .strictObject({
        timeout: duration.describe("how long a datagram is remembered; 5s"),
        datagrams: fragmentLimit.describe("most datagrams in fragments; 4096"),
        waiting: fragmentLimit.describe("most packets that wait for a first fragment; 1024"),
      })
      .optional()
      .describe("datagrams that come in fragments, where ports count"),
    icmp: z
      .strictObject({
        timeExceeded: z.boolean().optional().describe("when a TTL is used up; true if absent"),
        tooBig: z.boolean().optional().describe("when a packet does not fit; true if absent"),
        prohibited: z.boolean().optional().describe("when an ACL denies or flows have no room"),
        perSecond: z.int().min(1).max(1000000).optional().describe("most to each VPC; 100"),
      })
      .optional()
      .describe("which dropped packets are answered with an ICMP error"),
    natLog: z
      .strictObject({
        to: z.array(
          z.strictObject({
            file: text.optional().describe("JSON lines, appended to this file; or"),
            syslog: text.optional().describe("RFC 5424, to udp://HOST:PORT; or"),
            ipfix: text.optional().describe("RFC 8158, to udp://HOST:PORT"),
            facility: z.enum(Object.keys(FACILITIES)).optional().describe("of syslog; local0"),
          }),
        ),
        what: z.enum(["flows", "endpoints"]).optional().describe("flows if absent"),
        destinations: z.boolean().optional().describe("log destinations too; false if absent"),
      })
      .optional()
      .describe("where begin and end of flows or public endpoints are written down"),
  })
  .describe("what only this gateway has");

/** The whole file. */
export function configShape(modes: readonly ExposeMode[]) {
  return z.strictObject({
    agentVersion: text.nullish(),
    config: z.strictObject({ fabricBFD: z.boolean().optional() }).nullish(),
    communities: z.record(text, text).nullish(),
    gateway: gateway.nullish(),
    groups: groups.nullish(),
    vpcs: z.record(text, vpc).nullish().describe("the networks, by name"),
    peerings: z.record(text, peering(modes)).nullish().describe("which pairs of VPCs may talk"),
    isthmus: isthmus.nullish(),
  });
}

export type RawConfig = z.infer<ReturnType<typeof configShape>>;
export type RawVpc = z.infer<typeof vpc>;
export type RawIsthmus = z.infer<typeof isthmus>;
export type RawPeering = z.infer<ReturnType<typeof peering>>;
export type RawExpose = z.infer<ReturnType<typeof expose>>;
export type RawPrefixEntry = z.infer<typeof prefixEntry>;
export type RawAcl = z.infer<typeof acl>;
export type RawAclRule = RawAcl["rules"][number];

/** Whether it is a YAML mapping: parts of a document whose shape is wrong are still looked at. */
export function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON Schema (draft 2020-12) for editors. */
export function configJsonSchema(modes: readonly ExposeMode[]): object {
  const { $schema, $defs, ...configuration } = z.toJSONSchema(configShape(modes), { io: "input" });
  return {
    title: "Isthmus gateway configuration",
    $schema,
    // A file is the configuration itself, an object around it, or several objects.
    if: { type: "object", required: ["kind"] },
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
    then: {
      if: { properties: { kind: { const: "GatewayAgent" } } },
      // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
      then: object({ $ref: "#/$defs/configuration" }, ["spec"]),
      else: object({ type: "object" }, []),
    },
    else: { $ref: "#/$defs/configuration" },
    $defs: { ...$defs, configuration },
  };
}

/** A Kubernetes object. */
function object(spec: object, required: readonly string[]): object {
  const any = { type: "object" };
  return {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { enum: KINDS },
      metadata: any,
      spec,
      status: any,
    },
    required: ["kind", ...required],
  };
}
