// A gateway for tests: a configuration in, packets through, outcomes out.

import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/model.ts";
import { Gateway, type InterfaceOptions } from "../../src/gateway/gateway.ts";
import type { Outcome } from "../../src/gateway/outcome.ts";
import { natModes } from "../../src/nat/modes.ts";

/** Throws, with the first issue, when the configuration is wrong. */
export function gatewayOf(config: string | object, slotBytes = 2048): Gateway {
  const gateway = new Gateway(
    { slots: 256, slotBytes, flowCapacity: 1024 },
    { random: seededRandom(1) },
  );
  gateway.apply(configOf(config));
  return gateway;
}

/** Throws, with the first issue, when it is wrong. */
export function configOf(config: string | object): Config {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  const loaded = loadConfig(text, "test.yaml", natModes);
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.issues[0]));
  return loaded.config;
}

/** A raw-IP interface of the VPC. */
export function rawInterface(gateway: Gateway, vpc: string): number {
  return gateway.addInterface({ name: vpc, link: "raw-ip", vpc, vxlan: false });
}

export function ethernetInterface(
  gateway: Gateway,
  options: Partial<InterfaceOptions> = {},
): number {
  return gateway.addInterface({ name: "eth", link: "ethernet", vxlan: true, ...options });
}

/** One frame through the gateway; the views of the outcome are copies. */
export function pass(gateway: Gateway, iface: number, frame: Uint8Array): Outcome {
  gateway.receive(iface, frame);
  gateway.run(0);
  const outcome = gateway.outcome(0);
  const copy = { ...outcome, frame: outcome.frame.slice(), packet: outcome.packet.slice() };
  gateway.clear();
  return copy;
}
