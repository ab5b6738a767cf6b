// What a gateway could answer: two tenants with the same addresses.

import type {
  ApiConfig,
  ApiDropCell,
  ApiDropSample,
  ApiDrops,
  ApiFlow,
  ApiInterface,
  ApiNeighbor,
  ApiPeering,
  ApiPool,
  ApiStats,
} from "../../src/cli/api-types.ts";
import { DROP, type DropName } from "../../src/packet/verdict.ts";
import type { Answers } from "./fake-api.ts";

export const FLOWS: readonly ApiFlow[] = [
  {
    from: "blue",
    to: "green",
    peering: "blue--green",
    original: "tcp 10.0.0.4:30000 > 198.51.100.8:80",
    translated: "tcp 192.0.2.1:41337 > 10.0.0.8:80",
    state: "established",
    packets: [1204, 2310],
    bytes: [96_320, 3_310_400],
    ageMillis: 93000000,
    endsInMillis: 7439000,
  },
  {
    from: "blue",
    to: "green",
    peering: "blue--green",
    original: "icmp 10.0.0.4 > 198.51.100.8 echo-request id=7",
    translated: "icmp 192.0.2.1 > 10.0.0.8 echo-request id=2211",
    state: "two-way",
    packets: [3, 3],
    bytes: [252, 252],
    ageMillis: 12000,
    endsInMillis: 58000,
  },
  {
    from: "green",
    to: "blue",
    peering: "blue--green",
    original: "udp [2001:db8:2::53]:5353 > [2001:db8:1::99]:53",
    translated: "udp [2001:db8:2::53]:5353 > [fd00::99]:53",
    state: "one-way",
    packets: [1, 0],
    bytes: [71, 0],
    ageMillis: 400,
    endsInMillis: 30000,
  },
];

const CELLS: ApiDropCell[] = [
  drop("frame-too-short", null, null, "eth1", "ingress", 1_234_567),
  drop("no-flow", "green", "blue", "eth-green", "admit", 12),
  drop("ttl-exceeded", "blue", null, "eth-blue", "hop-limit", 2),
];

export const DROPS: ApiDrops = {
  total: 1_234_581,
  reasons: CELLS.map(({ reason, count }) => ({ reason, ...DROP[reason as DropName], count })),
  pairs: CELLS.map(({ from, to, count }) => ({ from, to, count })),
  interfaces: CELLS.map(({ interface: name, count }) => ({ interface: name, count })),
  steps: CELLS.map(({ step, count }) => ({ step, count })),
  cells: CELLS,
  elsewhere: 0,
  lostByDrivers: 17,
  drivers: [
    {
      interface: "eth-blue",
      reason: "receive-overrun",
      sentence: "Frames came faster than they were taken.",
      advice: "Give the gateway a core of its own.",
      count: 17,
    },
  ],
  notices: [],
};
export const NO_DROPS: ApiDrops = { ...DROPS, total: 0, reasons: [], cells: [], drivers: [] };

export const SAMPLES: readonly ApiDropSample[] = [
  {
    number: 9,
    time: "2026-11-25T10:00:02.250Z",
    reason: "port-not-forwarded",
    sentence: "The port is not forwarded.",
    advice: "Forward it, or talk to one that is.",
    step: "bind",
    interface: "eth-blue",
    from: "blue",
    to: "green",
    peering: "blue--green",
    source: null,
    destination: {
      label: "expose 1 of green",
      place: { file: "gateway.yaml", line: 14, column: 11 },
    },
    acl: null,
    packet: "udp 10.0.0.4:5 > 198.51.100.8:81",
    around: "02:00:00:00:00:04 > 02:00:00:00:00:b0",
    link: "ethernet",
    frame: "00ff",
    length: 60,
  },
  {
    number: 8,
    time: "2026-11-25T10:00:01.100Z",
    reason: "frame-too-short",
    sentence: "The frame is shorter than its header.",
    advice: "Look at the sender.",
    step: "ingress",
    interface: "eth1",
    from: null,
    to: null,
    peering: null,
    source: null,
    destination: null,
    acl: null,
    packet: "",
    around: "bytes 00 00 02 00 00 00 00 b0 02",
    link: "ethernet",
    frame: "00000200000000b002",
    length: 9,
  },
];

function drop(
  reason: string,
  from: string | null,
  to: string | null,
  iface: string,
  step: string,
  count: number,
): ApiDropCell {
  return { reason, from, to, interface: iface, step, count };
}

export const POOLS: readonly ApiPool[] = [
  {
    ...pool("192.0.2.0/30", "tcp", [60_000, 4000, 512, 3]),
    growthPerSecond: 5.5,
    fullInSeconds: 727,
    topUsers: [
      { address: "10.0.0.4", ports: 41_200 },
      { address: "10.0.0.77", ports: 9000 },
      { address: "10.0.0.5", ports: 700 },
      { address: "10.0.0.6", ports: 12 },
    ],
    addressCount: 4,
    addresses: [
      {
        ...address("192.0.2.1", [30_000, 128, 12, 3, 1450]),
        growthPerSecond: 4.25,
        fullInSeconds: 30,
        topUsers: [
          { address: "10.0.0.4", ports: 28_200 },
          { address: "10.0.0.5", ports: 700 },
          { address: "10.0.0.6", ports: 12 },
        ],
      },
      address("192.0.2.3", [4, 64_508, 0, 0, 0]),
    ],
  },
  {
    ...pool("192.0.2.1/32", "udp", [12, 64_500, 0, 0]),
    growthPerSecond: -0.05,
    topUsers: [{ address: "10.0.0.4", ports: 12 }],
  },
  pool("2001:db8:9::1/128", "udp", [0, 64_512, 0, 0]),
];

function pool(
  addresses: string,
  protocol: string,
  [used, free, resting, refused]: readonly [number, number, number, number],
): ApiPool {
  return {
    vpc: "blue",
    peer: "green",
    peering: "blue--green",
    expose: "expose 1 of blue",
    addressCount: 1,
    addresses: [],
    pool: addresses,
    protocol,
    size: used + free + resting,
    used,
    free,
    resting,
    refused,
    elsewhere: 0,
    growthPerSecond: null,
    fullInSeconds: null,
    topUsers: [],
    place: { file: "gateway.yaml", line: 12, column: 9 },
  };
}

function address(
  text: string,
  [used, free, resting, refused, elsewhere]: readonly [number, number, number, number, number],
): ApiPool["addresses"][number] {
  return {
    address: text,
    size: used + free + resting,
    ...{ used, free, resting, refused, elsewhere },
    growthPerSecond: null,
    fullInSeconds: null,
    topUsers: [],
  };
}

const PLACE = { file: "gateway.yaml", line: 8, column: 3 };

function side(vpc: string, ...modes: string[]): ApiPeering["sides"][number] {
  const rest = { kind: "nat" as const, privates: [], publics: [], place: PLACE };
  return {
    vpc,
    hairpin: false,
    exposes: modes.map((mode) => ({ ...rest, mode })),
    sent: { packets: 0, bytes: 0, dropped: 0 },
  };
}

export const PEERINGS: readonly ApiPeering[] = [
  {
    name: "blue--green",
    sides: [side("blue", "masquerade", "port-forward", "port-forward"), side("green", "static")],
    aclRules: 2,
    place: PLACE,
  },
];

export const INTERFACES: readonly ApiInterface[] = [
  {
    name: "eth-blue",
    vpc: "blue",
    driver: "af-packet",
    state: "up",
    mac: "02:00:00:00:00:b0",
    mtuBytes: 1500,
    counters: {
      received: 1_204_113,
      receiveDrops: 17,
      receiveTooLong: 0,
      receiveErrors: 0,
      transmitted: 998_120,
      transmitDrops: 0,
      transmitTooLong: 2,
    },
  },
  {
    name: "eth1",
    vpc: null,
    driver: "af-xdp",
    state: "down",
    mac: null,
    mtuBytes: null,
    counters: {
      received: 0,
      receiveDrops: 0,
      receiveTooLong: 0,
      receiveErrors: 0,
      transmitted: 0,
      transmitDrops: 0,
      transmitTooLong: 0,
    },
  },
];

export const NEIGHBORS: readonly ApiNeighbor[] = [
  {
    vpc: "blue",
    interface: "eth-blue",
    address: "10.0.0.4",
    mac: "02:00:00:00:00:04",
    vtep: null,
    state: "known",
    route: false,
  },
  {
    vpc: "green",
    interface: null,
    address: "10.0.0.8",
    mac: "02:00:00:00:00:08",
    vtep: "172.30.8.2",
    state: "known",
    route: false,
  },
  {
    vpc: "blue",
    interface: "eth-blue",
    address: "10.0.0.9",
    mac: null,
    vtep: null,
    state: "asked",
    route: true,
  },
];

export const CONFIG: ApiConfig = {
  file: "/etc/isthmus/gateway.yaml",
  text: "vpcs: { blue: { vni: 101 } }\n",
  generation: 3,
  appliedAt: "2026-11-24T10:00:00Z",
  confirmBy: null,
  cause: "start",
  inFile: true,
};

export const STATS: ApiStats = {
  generation: 3,
  uptimeSeconds: 93_784,
  received: 2_500_000,
  sent: 2_499_000,
  fast: 2_400_000,
  consumed: 20,
  waiting: 0,
  answered: 2,
  pieces: 0,
  dropped: { "no-flow": 900, "ttl-exceeded": 80 },
  pairs: [
    { from: "blue", to: "green", packets: 1_500_000, bytes: 120_000_000, dropped: 80, flows: 2 },
    { from: "green", to: "blue", packets: 999_000, bytes: 1_400_000_000, dropped: 900, flows: 1 },
  ],
  flowCapacity: 65_536,
  interfaces: {},
  held: { flows: 3, mappings: 2, hosts: 0, datagrams: 0 },
  natLog: [
    {
      kind: "file",
      place: "/var/log/isthmus/nat.jsonl",
      open: true,
      records: 120_000,
      notTaken: 0,
      overrun: 0,
      trouble: null,
    },
    {
      kind: "syslog",
      place: "udp://192.0.2.9:514",
      open: true,
      records: 120_000,
      notTaken: 70,
      overrun: 5,
      trouble: "more than 1024 datagrams wait",
    },
    {
      kind: "ipfix",
      place: "udp://192.0.2.9:4739",
      open: false,
      records: 800,
      notTaken: 0,
      overrun: 0,
      trouble: null,
    },
  ],
};

const page = (items: readonly object[]) => ({ items, next: null });

export const ANSWERS: Answers = {
  "GET /v1/flows": page(FLOWS),
  "GET /v1/drops": DROPS,
  "GET /v1/drops/samples": page(SAMPLES),
  "GET /v1/pools": page(POOLS),
  "GET /v1/peerings": page(PEERINGS),
  "GET /v1/interfaces": page(INTERFACES),
  "GET /v1/neighbors": page(NEIGHBORS),
  "GET /v1/config": CONFIG,
  "GET /v1/stats": STATS,
};
