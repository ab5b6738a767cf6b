// Numbers for metrics, all of them different.

import { poolLevels } from "../../src/insight/pools/levels.ts";
import { gatewayState } from "../../src/insight/state.ts";
import { finish } from "../../src/insight/work.ts";
import { Histogram } from "../../src/live/histogram.ts";
import { LoopCounts } from "../../src/live/loop-counts.ts";
import type { MetricsFacts } from "../../src/live/metrics/facts.ts";
import { ReloadCounts } from "../../src/live/metrics/reload-counts.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { gatewayOf, pass, rawInterface } from "./gateway.ts";

const CONFIG = {
  vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
  peerings: {
    p: {
      peering: {
        blue: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "192.0.2.1/32" }],
              nat: { masquerade: { ports: "2000-2001" } },
            },
          ],
        },
        green: { expose: [{ ips: [{ cidr: "10.1.0.0/24" }] }] },
      },
    },
  },
  isthmus: { vpcs: { blue: { flows: 5 } } },
};

/** Of a gateway that three packets have passed and two have not. */
export function metricsFacts(): MetricsFacts {
  const gateway = gatewayOf(CONFIG);
  const blue = rawInterface(gateway, "blue");
  for (const [port, to] of [
    [1, "10.1.0.1"],
    [2, "10.1.0.1"],
    [1, "10.1.0.2"],
    [3, "10.1.0.1"],
    [1, "10.9.0.1"],
  ]) {
    pass(gateway, blue, buildPacket(parsePacket(`udp 10.0.0.4:${port} > ${to}:53 len=100`)));
  }
  const batches = new Histogram(8);
  for (const size of [1, 2, 250, 256]) batches.add(size);
  const loop = new LoopCounts();
  loop.busyTurn(60);
  loop.busyTurn(3_000_000);
  loop.second(100, 20, 7, 12.5);
  const reloads = new ReloadCounts(1_700_000_000_000, 4);
  reloads.applied({ kept: 11, ended: new Map([["vpc-gone", 3]]), millis: 8 }, 1_700_000_100_000);
  reloads.refused();
  return {
    version: "0.1.0",
    counts: {
      gateway: gateway.counts(),
      interfaces: new Map([
        [
          "eth1",
          {
            received: 31,
            receiveDrops: 32,
            receiveTooLong: 33,
            receiveErrors: 34,
            transmitted: 35,
            transmitDrops: 36,
            transmitTooLong: 37,
          },
        ],
      ]),
      batches: batches.read(),
    },
    state: gatewayState(gateway),
    pools: finish(poolLevels(gateway)).map((level) => ({
      ...level,
      trend: { perMinute: 90, fullInMillis: 4500 },
      alarms: level.protocol === "udp" ? ["80-percent"] : [],
    })),
    loop: loop.read(),
    reloads: reloads.read(),
    natLog: [
      {
        kind: "syslog",
        place: "udp://192.0.2.9:514",
        open: true,
        records: 41,
        notTaken: 42,
        overrun: 43,
        trouble: undefined,
      },
    ],
    process: {
      userSeconds: 1.5,
      systemSeconds: 0.25,
      residentBytes: 1e8,
      heapBytes: 1e7,
      openFiles: 21,
      startSeconds: 1.7e9,
    },
  };
}
