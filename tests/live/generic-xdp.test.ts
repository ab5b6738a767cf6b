import assert from "node:assert/strict";
import { receiveFrames, testFrame } from "../../src/drivers/contract.ts";
import { openAfXdp } from "../../src/drivers/linux/af-xdp.ts";
import { PacketPool } from "../../src/packet/packet-pool.ts";
import { liveSystem, whyNotLive } from "./namespaces.ts";
import { unfinished } from "./unfinished.ts";
import { onVeth, vethContract, withDriver } from "./veth-contract.ts";

const why = whyNotLive();
const system = await liveSystem(why);

function open() {
  return openAfXdp({ interface: "near0", mode: "generic" }, system);
}

vethContract("AF_XDP generic", system, open, why);

onVeth(`AF_XDP generic: several in one are lost, which it says and counts`, system, why, (veth) => {
  withDriver(system, veth, open, (driver, far) => {
    assert.match(driver.notices.join("\n"), /GSO.*ethtool -K PEER tso off gso off/);
    const text = "tcp 10.9.0.2:1000 > 10.9.0.1:80 ack";
    far.sendUnfinished(unfinished(text, 9000, 1000));
    far.send(testFrame(1, 1000));
    assert.equal(receiveFrames(driver, new PacketPool(), 1).length, 1);
    assert.equal(driver.counters().receiveDrops, 1);
  });
});
