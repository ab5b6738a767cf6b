// What becomes of interfaces, as a real kernel tells it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../src/drivers/contract.ts";
import { type LinkEvent, Links } from "../../src/drivers/linux/links.ts";
import { Rtnetlink } from "../../src/drivers/linux/rtnetlink.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { ip, liveSystem, whyNotLive } from "./namespaces.ts";
import { NEAR_MAC, Veth } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);

test("links: what becomes of interfaces is told", why === undefined ? {} : { skip: why }, () => {
  const veth = new Veth(system);
  const netlink = veth.atNear(() => new Rtnetlink(system));
  try {
    const links = new Links(netlink, ["near0", "new0"]);
    links.poll();
    assert.equal(formatMac(links.get("near0")!.mac), NEAR_MAC);
    assert.equal(links.get("near0")!.running, true);
    const expect = (lines: readonly string[], expected: readonly string[]) => {
      veth.atNear(() => ip(...lines));
      const events: LinkEvent[] = [];
      until(
        () => events.length >= expected.length,
        () => events.push(...links.poll()),
      );
      assert.deepEqual(
        events.map((event) => `${event.interface} ${event.what}`),
        expected,
      );
    };
    expect(["link set near0 down"], ["near0 down"]);
    expect(["link set near0 up"], ["near0 up"]);
    expect(["link set near0 mtu 1400"], ["near0 mtu"]);
    expect(["link set near0 address 02:00:00:00:00:09"], ["near0 mac"]);
    assert.equal(links.get("near0")!.mtu, 1400);
    expect(["link add new0 type veth peer name new1"], ["new0 appeared"]);
    const { index, running } = links.get("new0")!;
    assert.equal(running, false);
    expect(["link set new1 up", "link set new0 up"], ["new0 up"]);
    expect(["link set new1 down"], ["new0 down"]);
    expect(
      ["link delete new0", "link add new0 type veth peer name new1"],
      ["new0 vanished", "new0 appeared"],
    );
    assert.notEqual(links.get("new0")!.index, index);
    expect([`link set new0 netns ${veth.far}`], ["new0 vanished"]);
    assert.equal(links.get("new0"), undefined);
    assert.deepEqual(links.poll(), []);
  } finally {
    netlink.close();
    veth.close();
  }
});
