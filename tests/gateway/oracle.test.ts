// The data path against a slow and obvious NAT: random static exposes, with ports or without, either
// family, both directions. Also the laws: there and back is identity, and every packet is counted.

import assert from "node:assert/strict";
import fc from "fast-check";
import { loadConfig } from "../../src/config/load.ts";
import type { Config, Manifest, NatExpose } from "../../src/config/model.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { natModes } from "../../src/nat/modes.ts";
import { type Family, formatIpAddress } from "../../src/wire/ip-address.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { containsAddress } from "../../src/wire/prefix.ts";
import { type PrefixPorts, portCount, sizeOf } from "../../src/wire/prefix-ports.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { gatewayOf, pass, rawInterface } from "../support/gateway.ts";
import { property } from "../support/property.ts";

interface Endpoint {
  readonly address: bigint;
  readonly port: number;
}

/** Number of the pair in the list; undefined when it is not in it. */
function indexOf(list: readonly PrefixPorts[], { address, port }: Endpoint): bigint | undefined {
  let before = 0n;
  for (const entry of list) {
    const { prefix, ports } = entry;
    const inPorts = ports === undefined || (port >= ports.first && port <= ports.last);
    if (inPorts && containsAddress(prefix, { family: prefix.family, value: address })) {
      const width = BigInt(portCount(ports));
      return before + (address - prefix.network) * width + BigInt(port - (ports?.first ?? 0));
    }
    before += sizeOf([entry]);
  }
  return undefined;
}

function elementAt(list: readonly PrefixPorts[], index: bigint): Endpoint {
  let rest = index;
  for (const entry of list) {
    if (rest < sizeOf([entry])) {
      const width = BigInt(portCount(entry.ports));
      const port = (entry.ports?.first ?? 0) + Number(rest % width);
      return { address: entry.prefix.network + rest / width, port };
    }
    rest -= sizeOf([entry]);
  }
  throw new Error("no such element");
}

/** What the expose of that side makes of an endpoint. */
function translate(
  { exposes }: Manifest,
  endpoint: Endpoint,
  way: "out" | "in",
): Endpoint | undefined {
  for (const expose of exposes as readonly NatExpose[]) {
    const [from, to] =
      way === "out" ? [expose.privates, expose.publics] : [expose.publics, expose.privates];
    const index = indexOf(from, endpoint);
    if (index !== undefined) return elementAt(to, index);
  }
  return undefined;
}

/** One expose: a prefix each side, cut up by exclusions of the same sizes at other places, perhaps
 * with ports. `base` keeps exposes and sides apart. */
function exposeText(family: Family, base: string, spec: ExposeSpec): object {
  const { holes, ports, shift } = spec;
  const prefix = (kind: string, host: number, length: number) =>
    family === 4
      ? `${base}.${kind === "ips" ? 1 : 2}.${host}/${24 + length}`
      : `2001:db8:${base}:${kind === "ips" ? 1 : 2}::${host.toString(16)}/${120 + length}`;
  const side = (kind: string, offset: number) => [
    {
      cidr: prefix(kind, 0, 0),
      ...(ports && {
        ports: `${kind === "ips" ? 1000 : 5000}-${(kind === "ips" ? 1000 : 5000) + ports - 1}`,
      }),
    },
    ...holes.map((hole) => ({
      not: prefix(kind, (hole * 16 + offset * 16) % 256, 4),
    })),
  ];
  return { ips: side("ips", 0), as: side("as", shift), nat: { static: {} } };
}

interface ExposeSpec {
  readonly holes: readonly number[];
  readonly ports: number | undefined;
  readonly shift: number;
}

const spec = fc.record({
  holes: fc.uniqueArray(fc.nat({ max: 15 }), { maxLength: 4 }),
  ports: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  shift: fc.nat({ max: 15 }),
});
interface World {
  readonly family: Family;
  readonly blue: readonly ExposeSpec[];
  readonly green: readonly ExposeSpec[];
  readonly packets: readonly {
    readonly fromBlue: boolean;
    readonly source: [number, number];
    readonly destination: [number, number];
    readonly protocol: string;
  }[];
}

const world: fc.Arbitrary<World> = fc.record({
  family: fc.constantFrom<Family>(4, 6),
  blue: fc.array(spec, { minLength: 1, maxLength: 3 }),
  green: fc.array(spec, { minLength: 1, maxLength: 3 }),
  packets: fc.array(
    fc.record({
      fromBlue: fc.boolean(),
      source: fc.tuple(fc.nat(), fc.nat()),
      destination: fc.tuple(fc.nat(), fc.nat()),
      protocol: fc.constantFrom("tcp", "udp"),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

function rawOf({ family, blue, green }: World): object {
  const side = (specs: readonly ExposeSpec[], first: number) => ({
    expose: specs.map((each, index) =>
      exposeText(family, family === 4 ? `${first}.${index}` : `${first}${index}`, each),
    ),
  });
  return {
    vpcs: { blue: { vni: 1 }, green: { vni: 2 } },
    peerings: { p: { peering: { blue: side(blue, 10), green: side(green, 20) } } },
  };
}

function configOf(text: string): Config {
  const { config, issues } = loadConfig(text, "", natModes);
  if (config === undefined) throw new Error(`${issues[0]?.message} in ${text}`);
  return config;
}

/** A pair of the list, or (one in eight) something near that may not be in it. */
function pick(list: readonly PrefixPorts[], [a, b]: readonly [number, number]): Endpoint {
  const total = sizeOf(list);
  const element = elementAt(list, (BigInt(a) * 65521n + BigInt(b)) % total);
  const port = element.port === 0 ? 1 : element.port;
  if (b % 8 !== 0) return { address: element.address, port };
  return { address: element.address ^ BigInt(a % 64), port: ((port + a) % 65535) + 1 };
}

function show(family: Family, { address, port }: Endpoint): string {
  const text = formatIpAddress({ family, value: address });
  return family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

function send(gateway: Gateway, iface: number, text: string) {
  const outcome = pass(gateway, iface, buildPacket(parsePacket(text)));
  assert.deepEqual(verifyChecksums(outcome.packet), []);
  return outcome;
}

property(
  "static NAT on both sides is what the definition says, there and back",
  [world],
  (each) => {
    const { family } = each;
    const text = JSON.stringify(rawOf(each));
    const config = configOf(text);
    const gateway = gatewayOf(text);
    const faces = { blue: rawInterface(gateway, "blue"), green: rawInterface(gateway, "green") };
    const [blue, green] = config.peerings[0]!.sides;
    let counted = 0;
    for (const { fromBlue, source, destination, protocol } of each.packets) {
      const [own, peer] = fromBlue ? [blue, green] : [green, blue];
      const [here, there] = fromBlue ? (["blue", "green"] as const) : (["green", "blue"] as const);
      const from = pick(
        own.exposes.flatMap((expose) => (expose as NatExpose).privates),
        source,
      );
      const to = pick(
        peer.exposes.flatMap((expose) => (expose as NatExpose).publics),
        destination,
      );
      const newFrom = translate(own, from, "out");
      const newTo = translate(peer, to, "in");
      const request = `${protocol} ${show(family, from)} > ${show(family, to)}`;
      const outcome = send(gateway, faces[here], request);
      counted++;
      if (newFrom === undefined || newTo === undefined || newFrom.port === 0 || newTo.port === 0) {
        assert.notEqual(outcome.verdict, "sent", request);
        continue;
      }
      assert.equal(outcome.verdict, "sent", request);
      const expected = `${protocol} ${show(family, newFrom)} > ${show(family, newTo)}`;
      assert.ok(describePacket(outcome.packet).startsWith(expected), `${request}: ${expected}`);
      const reply = `${protocol} ${show(family, newTo)} > ${show(family, newFrom)}`;
      const back = send(gateway, faces[there], reply);
      counted++;
      const restored = `${protocol} ${show(family, to)} > ${show(family, from)}`;
      assert.ok(describePacket(back.packet).startsWith(restored), `${reply}: ${restored}`);
    }
    const { received, sent, dropped } = gateway.counts();
    const lost = [...dropped.values()].reduce((sum, count) => sum + count, 0);
    assert.equal(received, counted);
    assert.equal(sent + lost, counted);
  },
  { runs: 300 },
);
