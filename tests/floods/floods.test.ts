// Floods, in numbers: established connections lose no packet, memory stays flat, and other VPCs keep
// their share.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { CAPACITY, type Damage, FloodedWorld } from "./flooded-world.ts";

/** Five times what the table holds. */
const PACKETS = 5 * CAPACITY - ((5 * CAPACITY) % 200);
/** Of blue, which leaves the others half of the table. */
const SHARE = CAPACITY / 2;
const GROWTH_MAX = 512 * 1024;

function judge(t: { diagnostic: (text: string) => void }, damage: Damage): void {
  const { lost, carried, refused, opened, growth, dropped, answered, flows } = damage;
  const reasons = [...dropped].map(([reason, count]) => `${count} ${reason}`).join(", ");
  t.diagnostic(
    `${lost} of ${carried} lost, ${refused} of ${opened} refused, ${growth} bytes, ${flows} flows, ${answered} answers; dropped: ${reasons}`,
  );
  assert.equal(lost, 0, `${lost} packets of established connections were lost`);
  assert.ok(growth < GROWTH_MAX, `memory grew by ${growth} bytes`);
}

/** A SYN from ever another host and port. */
function syn(number: number): string {
  const [host, port] = [`10.0.${128 + ((number >> 8) % 64)}.${number & 255}`, 1024 + number];
  return `tcp ${host}:${port} > 10.2.0.9:80 syn`;
}

test("a SYN flood five times the table's size, from a VPC with a limit: others open as before", (t) => {
  const world = new FloodedWorld({ flows: SHARE });
  const damage = world.flood({ from: "blue", packets: PACKETS, packet: syn });
  judge(t, damage);
  assert.equal(damage.refused, 0);
  // Fifty were open before.
  assert.equal(damage.dropped.get("vpc-flow-limit"), PACKETS - (SHARE - 50));
  assert.deepEqual([...damage.dropped.keys()], ["vpc-flow-limit"]);
});

test("the same without a limit: nothing established is lost, but others cannot open", (t) => {
  const damage = new FloodedWorld().flood({ from: "blue", packets: PACKETS, packet: syn });
  judge(t, damage);
  assert.ok(damage.refused > damage.opened / 2, `${damage.refused} refused`);
  assert.equal(damage.flows, CAPACITY);
});

test("a host that scans 20,000 ports through masquerade gets its number of flows", (t) => {
  const world = new FloodedWorld({ flowsPerHost: 300 });
  const packet = (number: number) => `tcp 10.0.3.3:4000 > 10.2.0.9:${1 + number} syn`;
  const damage = world.flood({ from: "blue", packets: PACKETS, packet });
  judge(t, damage);
  assert.equal(damage.refused, 0);
  assert.equal(damage.dropped.get("host-flow-limit"), PACKETS - 300);
  const neighbour = buildPacket(parsePacket("tcp 10.0.3.4:4000 > 10.2.0.9:80 syn"));
  assert.equal(world.pass("blue", neighbour).verdict, "sent");
});

test("a scan of the public address opens nothing", (t) => {
  const world = new FloodedWorld({ flows: SHARE });
  const before = world.gateway.tracked();
  const packet = (number: number) => `tcp 10.2.0.66:4000 > 192.0.2.1:${1 + number} syn`;
  const damage = world.flood({ from: "green", packets: PACKETS, packet });
  judge(t, damage);
  assert.equal(damage.refused, 0);
  assert.equal(damage.flows, before.flows + damage.opened);
  assert.equal(damage.dropped.get("no-flow"), PACKETS);
});

test("a flood of ICMP errors, half of them about real connections, ends none of these", (t) => {
  const world = new FloodedWorld({ flows: SHARE });
  const packet = (number: number) => {
    const end = number % 2 === 0 ? world.publicEnd(2 * number) : `192.0.2.1:${1024 + number}`;
    const host = 1 + (number % 50);
    return `icmp 10.2.0.66 > 192.0.2.1 port-unreachable { tcp ${end} > 10.2.0.${host}:80 ack }`;
  };
  const damage = world.flood({ from: "green", packets: PACKETS, packet });
  judge(t, damage);
  assert.equal(damage.refused, 0);
});

test("a flood of packets that would die here is answered at the rate of the VPC", (t) => {
  const world = new FloodedWorld({ flows: SHARE });
  const packet = (number: number) => `${syn(number)} ttl=1`;
  const damage = world.flood({ from: "blue", packets: PACKETS, packet });
  judge(t, damage);
  assert.equal(damage.refused, 0);
  const seconds = (damage.opened * 20) / 1000;
  assert.ok(damage.answered <= 100 * (seconds + 1), `${damage.answered} in ${seconds} s`);
  assert.ok(damage.answered >= 100 * seconds * 0.9, `${damage.answered} in ${seconds} s`);
});

test("a flood of random fragments holds nothing for good", (t) => {
  const world = new FloodedWorld({ flows: SHARE });
  const random = seededRandom(7);
  const packet = (number: number) => {
    const host = `10.0.${random.below(200)}.${1 + random.below(250)}`;
    const id = `id=${random.below(65536)}`;
    if (number % 4 === 0)
      return `udp ${host}:${1 + random.below(65535)} > 10.2.0.9:53 mf ${id} len=44`;
    const more = random.below(2) === 0 ? "mf " : "";
    return `udp ${host} > 10.2.0.9 frag=${8 + 8 * random.below(8000)} ${more}${id} len=44`;
  };
  const damage = world.flood({ from: "blue", packets: PACKETS, packet });
  judge(t, damage);
  assert.equal(damage.refused, 0);
});

test("a connection that ends makes room in its VPC at once, however large the table is", () => {
  const world = new FloodedWorld({ flows: SHARE, preset: "reference" });
  world.flood({ from: "blue", packets: 4000, packet: syn });
  const pass = (text: string) => world.pass("blue", buildPacket(parsePacket(text))).verdict;
  assert.equal(pass("tcp 10.0.200.1:9 > 10.2.0.9:80 syn"), "vpc-flow-limit");
  assert.equal(pass("tcp 10.0.1.1:5000 > 10.2.0.1:80 rst"), "sent");
  assert.equal(pass("tcp 10.0.200.1:9 > 10.2.0.9:80 syn"), "sent");
  assert.equal(pass("tcp 10.0.200.2:9 > 10.2.0.9:80 syn"), "vpc-flow-limit");
});
