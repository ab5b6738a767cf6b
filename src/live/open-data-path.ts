// Opens the data path of a live gateway: makes the gateway, warms it up, opens the ports.

import type { OpenDataPath } from "./data-path.ts";

export const openDataPath: OpenDataPath = () => {
  throw new Error("this version drives no live interfaces yet");
};
