// The VPCs.

import { z } from "zod";
import type { Attachment } from "../../config/model.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import { listOf, whole } from "../api/lists.ts";
import { route } from "../api/route.ts";

const texts = z.array(z.string());

export const vpcs = route({
  method: "get",
  path: "/v1/vpcs",
  summary: "The VPCs, in the order of names.",
  reply: listOf(
    z.strictObject({
      name: z.string(),
      vni: z.int(),
      mtuBytes: z.int().describe("longest IP packet that it takes, as configured"),
      addresses: texts.describe("the gateway's own there"),
      interfaces: texts.describe("that it is on"),
      peers: texts,
    }),
  ),
  handle: ({ gateway }) => {
    const { vpcs, attachments, peerings } = gateway.configurations.current.config;
    const pairs = peerings.map(({ sides }) => sides.map(({ vpc }) => vpc));
    return whole(
      vpcs.map(({ name, vni, mtu }) => {
        const own = attachments.filter(({ vpc }) => vpc === name);
        return {
          name,
          vni,
          mtuBytes: mtu,
          addresses: own.map(({ address }) => formatIpAddress(address)),
          interfaces: [...new Set(own.flatMap(interfaceOf))],
          peers: pairs
            .filter((pair) => pair.includes(name))
            .flat()
            .filter((each) => each !== name),
        };
      }),
    );
  },
});

function interfaceOf({ segment }: Attachment): string[] {
  return segment.kind === "interface" ? [segment.interface] : [];
}
