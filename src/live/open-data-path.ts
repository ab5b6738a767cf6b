// Opens the data path of a live gateway: makes the gateway, warms it up, opens the ports.

import { alignedMemory } from "../base/arena.ts";
import { systemClock } from "../base/clock.ts";
import { seededRandom, unguessableSeed } from "../base/random.ts";
import { Gateway } from "../gateway/gateway.ts";
import { SLOT_BYTES, WHOLE_SLOT_BYTES } from "../packet/limits.ts";
import type { OpenDataPath } from "./data-path.ts";
import { LiveDataPath } from "./live-data-path.ts";
import { wantedPorts } from "./wanted-ports.ts";
import { warmUp } from "./warm-up.ts";

export const openDataPath: OpenDataPath = (config, log, system) => {
  const { flowTableCapacity: flowCapacity, fragments } = config;
  const { datagrams, waiting: waitingPackets } = fragments;
  // Super-frames come whole by interfaces of AF_PACKET; without any, short slots are quicker.
  const isWhole = wantedPorts(config).some(({ driver, vpc }) => driver === "af-packet" && vpc);
  const slotBytes = isWhole ? WHOLE_SLOT_BYTES : SLOT_BYTES;
  const sizes = { flowCapacity, datagrams, waitingPackets, slotBytes };
  const notice = (message: string) => log({ level: "warn", message });
  const random = seededRandom(unguessableSeed());
  const gateway = new Gateway(sizes, { random, memory: alignedMemory, live: { notice } });
  warmUp(gateway, config, Math.floor(systemClock.now()));
  const dataPath = new LiveDataPath(gateway, system, log);
  try {
    dataPath.apply(config);
  } catch (error) {
    dataPath.close();
    throw error;
  }
  return dataPath;
};
