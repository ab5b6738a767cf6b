import { driverContract } from "../../src/drivers/contract.ts";
import { openAfPacket } from "../../src/drivers/linux/af-packet.ts";
import { liveSystem, whyNotLive } from "./namespaces.ts";
import { vethWire } from "./veth.ts";

const why = whyNotLive();
const system = await liveSystem(why);

driverContract(
  "AF_PACKET",
  () => vethWire(system, () => openAfPacket({ interface: "near0", promiscuous: true }, system)),
  why,
);
