// The data path between real interfaces, turn by turn: what a network card would leave out, and an
// underlay that is made anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { until } from "../../src/drivers/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildQuestion, readNews } from "../../src/links/frames.ts";
import { wrap } from "../../src/links/outer.ts";
import { KernelNetwork } from "../../src/live/kernel-network.ts";
import { LiveDataPath } from "../../src/live/live-data-path.ts";
import { wantedPorts } from "../../src/live/wanted-ports.ts";
import { type IpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac, parseMac } from "../../src/wire/mac.ts";
import { configOf } from "../support/gateway.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { Probe } from "./probe.ts";
import { FAR_MAC, NEAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);
const skip = why === undefined ? {} : { skip: why };

const address = (text: string): IpAddress => parseIpAddress(text)!;
const mac = (text: string): Uint8Array => parseMac(text)!;

/** A data path at the near end, with what it says, and a host at the far one. */
class Scene {
  readonly veth = new Veth(system);
  readonly said: string[] = [];
  readonly path: LiveDataPath;
  #probe: Probe;
  #later = 0;

  constructor(prepare: (veth: Veth) => void, config: string) {
    prepare(this.veth);
    const live = { notice: (sentence: string) => this.said.push(sentence) };
    const gateway = new Gateway({ slots: 128 }, { random: seededRandom(1), live });
    this.path = new LiveDataPath(gateway, system, ({ message }) => this.said.push(message));
    this.veth.atNear(() => this.path.apply(configOf(config)));
    this.#probe = this.veth.atFar(() => new Probe(system, "far0"));
  }

  /** Time passes quicker than it does. */
  turn(): void {
    this.#later += 20;
    this.veth.atNear(() => this.path.turn(Math.floor(systemClock.now()) + this.#later, true));
  }

  renewProbe(): void {
    this.#probe.close();
    this.#probe = this.veth.atFar(() => new Probe(system, "far0"));
  }

  /** Whether `isAnswer` is true of a frame that comes when `question` is asked again and again. */
  hears(question: Uint8Array, isAnswer: (frame: Uint8Array) => boolean): boolean {
    let found = false;
    until(
      () => found,
      () => {
        this.#probe.send(question);
        this.turn();
        found = this.#probe.take().some(isAnswer);
      },
    );
    return found;
  }

  close(): void {
    this.path.close();
    this.#probe.close();
    this.veth.close();
  }
}

for (const driver of ["af-packet", "af-xdp"]) {
  test(`${driver}: neighbors' questions come though the interface is in no group`, skip, () => {
    const scene = new Scene(
      (veth) =>
        veth.atNear(() => {
          ip("link add mv0 link near0 type macvlan mode bridge");
          ip("link set mv0 up");
        }),
      `
vpcs: { blue: { vni: 101 } }
isthmus:
  attachments: [{ vpc: blue, interface: mv0, address: "2001:db8:1::1/64" }]
  interfaces: { mv0: { driver: ${driver} } }
`,
    );
    try {
      const [target, from] = [address("2001:db8:1::1"), address("2001:db8:1::2")];
      const question = buildQuestion(target, from, mac(FAR_MAC), undefined);
      const isAnswer = (frame: Uint8Array) => {
        const isToHost = formatMac(frame) === FAR_MAC;
        return isToHost && readNews(frame)?.target.value === target.value;
      };
      assert.ok(scene.hears(question, isAnswer), scene.said.join("\n"));
    } finally {
      scene.close();
    }
  });
}

test("an underlay made anew gets its address later, and is driven again", skip, () => {
  const giveAddress = (veth: Veth) => veth.atNear(() => ip("address add 172.30.8.1/24 dev near0"));
  const scene = new Scene(
    (veth) => {
      giveAddress(veth);
      veth.atFar(() => ip("address add 172.30.8.2/24 dev far0"));
    },
    `
vpcs: { blue: { vni: 101 } }
isthmus:
  underlay: { interface: near0, vtep: 172.30.8.1 }
  attachments: [{ vpc: blue, vteps: [172.30.8.2], address: 10.0.0.1/24 }]
`,
  );
  const { veth } = scene;
  const host = mac("02:00:00:00:00:08");
  const asked = buildQuestion(address("10.0.0.1"), address("10.0.0.8"), host, undefined);
  const hop = { sourceMac: mac(FAR_MAC), destinationMac: mac(NEAR_MAC) };
  const question = wrap(asked, 101, 0xac1e0802 | 0, 0xac1e0801 | 0, hop);
  const isAnswer = (frame: Uint8Array) =>
    formatMac(frame, 50) === formatMac(host) && readNews(frame.subarray(50))?.kind === "answer";
  try {
    assert.ok(scene.hears(question, isAnswer), scene.said.join("\n"));
    const before = scene.path.counts().interfaces.get("near0")!;
    veth.atNear(() => ip("link delete near0"));
    scene.turn();
    veth.atNear(() => {
      const far = `far0 netns ${veth.far} address ${FAR_MAC}`;
      ip(`link add near0 address ${NEAR_MAC} type veth peer name ${far}`, "link set near0 up");
    });
    veth.atFar(() => ip("link set far0 up", "address add 172.30.8.2/24 dev far0"));
    for (let i = 0; i < 100; i++) scene.turn();
    const refused = scene.said.filter((each) => /is not an address of this machine/.test(each));
    assert.equal(refused.length, 1, scene.said.join("\n"));
    giveAddress(veth);
    scene.renewProbe();
    assert.ok(scene.hears(question, isAnswer), scene.said.join("\n"));
    const { received } = scene.path.counts().interfaces.get("near0")!;
    assert.ok(received > before.received, "what was counted before still is");
  } finally {
    scene.close();
  }
});

test("an MTU in which no packet fits is not believed", skip, () => {
  const veth = new Veth(system);
  const config = configOf(`
vpcs: { blue: { vni: 101 } }
isthmus:
  underlay: { interface: near0, vtep: 172.30.8.1 }
  attachments: [{ vpc: blue, vteps: [172.30.8.2], address: 10.0.0.1/24 }]
`);
  try {
    veth.atNear(() => {
      for (const [mtu, told] of [
        [1500, 1450],
        [100, 68],
      ]) {
        ip(`link set near0 mtu ${mtu}`);
        const network = new KernelNetwork(system, wantedPorts(config), config.underlay, undefined);
        assert.equal(network.withMtus(config).vpcs[0]!.mtu, told);
        network.close();
      }
    });
  } finally {
    veth.close();
  }
});
