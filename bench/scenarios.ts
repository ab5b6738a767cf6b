// What is measured. Each scenario runs in a process of its own: V8 folds the addresses of tables
// into the code only while there is one data path in the isolate, as in a running gateway.

export interface Scenario {
  readonly name: string;
  /** "copy": frames into the pool and nothing else. "no-op": that, and a pipeline of one step that
   * sends everything. "gateway": the real steps. */
  readonly kind: "copy" | "no-op" | "gateway";
  readonly family: 4 | 6;
  readonly nat: "none" | "static" | "masquerade" | "port-forward";
  /** Exposes on each side. */
  readonly exposes: number;
  /** Frames arrive in VXLAN and leave in VXLAN; otherwise plain Ethernet, one way. */
  readonly vxlan: boolean;
  /** Flows that are kept, half of the packets in each direction; 0 for stateless NAT. */
  readonly flows: number;
  /** Of 1,000 packets, how many open a new flow. */
  readonly fresh: number;
  /** Begin and end of each flow are recorded, as for NAT logs, and taken after each batch. */
  readonly logged: boolean;
  /** All go to an address that nobody exposes. */
  readonly dropped: boolean;
}

function scenario(name: string, options: Partial<Scenario>): Scenario {
  return {
    name,
    kind: "gateway",
    family: 4,
    nat: "static",
    exposes: 1,
    vxlan: true,
    flows: 0,
    fresh: 0,
    logged: false,
    dropped: false,
    ...options,
  };
}

export const scenarios: readonly Scenario[] = [
  scenario("copy", { kind: "copy" }),
  scenario("copy, flows chosen at random", { kind: "copy", nat: "masquerade", flows: 1000 }),
  scenario("no-op pipeline", { kind: "no-op" }),
  scenario("IPv4, VXLAN, no NAT", { nat: "none" }),
  scenario("IPv4, VXLAN, static both sides", {}),
  scenario("IPv4, VXLAN, static both sides, 100 exposes", { exposes: 100 }),
  scenario("IPv4, VXLAN, static both sides, 1,000 exposes", { exposes: 1000 }),
  scenario("IPv4, VXLAN, static both sides, 10,000 exposes", { exposes: 10000 }),
  scenario("IPv4, Ethernet, static both sides", { vxlan: false }),
  scenario("IPv4, VXLAN, static both sides, all dropped", { dropped: true }),
  scenario("IPv6, VXLAN, no NAT", { family: 6, nat: "none" }),
  scenario("IPv6, VXLAN, static both sides", { family: 6 }),
  scenario("IPv6, VXLAN, static both sides, 10,000 exposes", { family: 6, exposes: 10000 }),
  ...(["masquerade", "port-forward"] as const).flatMap((nat) =>
    [1000, 64_000, 1_000_000].map((flows) =>
      scenario(`IPv4, VXLAN, ${nat}, ${flows.toLocaleString("en")} flows`, { nat, flows }),
    ),
  ),
  scenario("IPv4, VXLAN, masquerade, 64,000 flows, 1 % new", {
    nat: "masquerade",
    flows: 64_000,
    fresh: 10,
  }),
  scenario("IPv4, VXLAN, masquerade, 64,000 flows, 10 % new", {
    nat: "masquerade",
    flows: 64_000,
    fresh: 100,
  }),
  scenario("IPv4, VXLAN, masquerade, all new", { nat: "masquerade", flows: 1000, fresh: 1000 }),
  scenario("IPv4, VXLAN, masquerade, all new, logged", {
    nat: "masquerade",
    flows: 1000,
    fresh: 1000,
    logged: true,
  }),
  scenario("IPv6, VXLAN, masquerade, 64,000 flows", {
    family: 6,
    nat: "masquerade",
    flows: 64_000,
  }),
];
