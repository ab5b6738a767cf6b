// Every mode facing every other, whoever opens, both families, with TCP, UDP and ICMP echo: the
// request comes out as a table says, the answer restores the original exactly, and so do ICMP errors
// about both, from the host itself and from routers that nobody exposes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { natModes } from "../../src/nat/modes.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { gatewayOf, pass, rawInterface } from "../support/gateway.ts";

type Mode = "none" | "static" | "static-ports" | "masquerade" | "port-forward" | "both";
type Protocol = "tcp" | "udp" | "icmp";
const MODES: readonly Mode[] = [
  "none",
  "static",
  "static-ports",
  "masquerade",
  "port-forward",
  "both",
];
const PORT = 1500;
const MAPPED_PORT = 3500;

/** Side 1 or 2 of the peering. */
class Side {
  readonly name: string;
  readonly mode: Mode;
  readonly #v6: boolean;
  readonly #number: number;

  constructor(number: number, mode: Mode, v6: boolean) {
    this.name = `vpc${number}`;
    this.mode = mode;
    this.#v6 = v6;
    this.#number = number;
  }

  address(base: 10 | 20, host: number): string {
    return this.#v6
      ? `2001:db8:${base}:${this.#number}::${host}`
      : `${base}.${this.#number}.0.${host}`;
  }

  get exposes(): object[] {
    const all = (base: 10 | 20) => `${this.address(base, 0)}/${this.#v6 ? 120 : 24}`;
    const one = (base: 10 | 20, host: number) =>
      `${this.address(base, host)}/${this.#v6 ? 128 : 32}`;
    const ips = [{ cidr: all(10) }];
    const masquerade = { ips, as: [{ cidr: one(20, 9) }], nat: { masquerade: {} } };
    const port = { port: "1000-1999", as: "3000-3999" };
    const forward = {
      ips: [{ cidr: one(10, 5) }],
      as: [{ cidr: one(20, this.mode === "both" ? 9 : 5) }],
      nat: { portForward: { ports: [port] } },
    };
    const byMode: Record<Mode, object[]> = {
      none: [{ ips }],
      static: [{ ips, as: [{ cidr: all(20) }], nat: { static: {} } }],
      "static-ports": [
        {
          ips: [{ cidr: all(10), ports: "1000-1999" }],
          as: [{ cidr: all(20), ports: "3000-3999" }],
          nat: { static: {} },
        },
      ],
      masquerade: [masquerade],
      "port-forward": [forward],
      both: [masquerade, forward],
    };
    return byMode[this.mode];
  }

  opens(protocol: Protocol): boolean {
    if (this.mode === "static-ports") return protocol !== "icmp";
    return this.mode !== "port-forward";
  }

  accepts(protocol: Protocol): boolean {
    if (this.mode === "masquerade") return false;
    return protocol !== "icmp" || this.mode === "none" || this.mode === "static";
  }

  /** Host 5 as it knows itself, and as the peer knows it when it is called. */
  get own(): [string, number] {
    return [this.address(10, 5), PORT];
  }

  get called(): [string, number] {
    if (this.mode === "none") return this.own;
    if (this.mode === "static") return [this.address(20, 5), PORT];
    return [
      this.address(20, this.mode === "both" || this.mode === "masquerade" ? 9 : 5),
      MAPPED_PORT,
    ];
  }

  /** As the peer sees it when it calls; the port is the gateway's choice when undefined. */
  get calling(): [string, number | undefined] {
    if (this.mode === "masquerade" || this.mode === "both") return [this.address(20, 9), undefined];
    return this.called;
  }

  /** A router that no expose covers. */
  get router(): string {
    return this.#v6 ? "2001:db8:99::1" : "99.9.9.9";
  }
}

interface Tuple {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
}

function textOf(protocol: Protocol, tuple: Tuple, answer: boolean): string {
  const { from, to, fromPort, toPort } = tuple;
  const kind = answer ? "echo-reply" : "echo-request";
  if (protocol === "icmp") return `icmp ${from} > ${to} ${kind} id=${fromPort} seq=7`;
  const at = (address: string, port: number) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const flags = protocol === "tcp" ? (answer ? " syn,ack" : " syn") : "";
  return `${protocol} ${at(from, fromPort)} > ${at(to, toPort)}${flags}`;
}

function tupleOf(packet: Uint8Array): Tuple {
  const text = describePacket(packet);
  const id = Number(/ id=(\d+)/.exec(text)?.[1] ?? 0);
  const [, from = "", to = ""] = /^\S+ (\S+) > (\S+)/.exec(text) ?? [];
  const split = (end: string): [string, number] => {
    const [, v6, v4, port] = /^(?:\[(.*)\]|([\d.]+)):(\d+)$/.exec(end) ?? [];
    return port === undefined ? [end, id] : [v6 ?? v4 ?? "", Number(port)];
  };
  const [[fromAddress, fromPort], [toAddress, toPort]] = [split(from), split(to)];
  return { from: fromAddress, to: toAddress, fromPort, toPort };
}

function reverse({ from, to, fromPort, toPort }: Tuple): Tuple {
  return { from: to, to: from, fromPort: toPort, toPort: fromPort };
}

class Cell {
  readonly #gateway: Gateway;
  readonly #interfaces: ReadonlyMap<string, number>;
  readonly #caller: Side;
  readonly #callee: Side;
  readonly #protocol: Protocol;

  constructor(gateway: Gateway, caller: Side, callee: Side, protocol: Protocol) {
    this.#gateway = gateway;
    this.#interfaces = new Map(
      [caller, callee].map(({ name }) => [name, rawInterface(gateway, name)]),
    );
    this.#caller = caller;
    this.#callee = callee;
    this.#protocol = protocol;
  }

  run(): void {
    const [caller, callee, protocol] = [this.#caller, this.#callee, this.#protocol];
    const [from, fromPort] = caller.own;
    const [to, calledPort] = callee.called;
    const toPort = protocol === "icmp" ? fromPort : calledPort;
    const request: Tuple = { from, to, fromPort, toPort };
    if (!caller.opens(protocol) || !callee.accepts(protocol)) {
      const { verdict } = this.#pass(caller, textOf(protocol, request, false));
      assert.notEqual(verdict, "sent");
      assert.equal(this.#gateway.flows().length, 0);
      return;
    }
    for (let time = 0; time < 2; time++) {
      const arrived = this.#send(caller, textOf(protocol, request, false));
      const seen = tupleOf(arrived);
      const [seenFrom, seenPort] = caller.calling;
      const [home, homePort] = callee.own;
      assert.equal(seen.from, seenFrom);
      if (seenPort !== undefined) assert.equal(seen.fromPort, seenPort);
      assert.equal(seen.to, home);
      if (protocol !== "icmp") assert.equal(seen.toPort, homePort);
      const answer = this.#send(callee, textOf(protocol, reverse(seen), true));
      assert.deepEqual(tupleOf(answer), reverse(request));
      this.#errors(request, seen);
    }
    const kept = [caller, callee].some(({ mode }) => !/^(none|static)/.test(mode));
    assert.equal(this.#gateway.flows().length, kept ? 1 : 0);
  }

  #errors(request: Tuple, seen: Tuple): void {
    const [caller, callee, protocol] = [this.#caller, this.#callee, this.#protocol];
    const flows = JSON.stringify(this.#gateway.flows());
    for (const source of [callee.router, seen.to]) {
      const quoted = textOf(protocol, seen, false);
      const text = `icmp ${source} > ${seen.from} host-unreachable { ${quoted} }`;
      const hidden = source === seen.to || hides(callee);
      const outer = hidden ? request.to : source;
      this.#error(callee, text, [outer, request.from, textOf(protocol, request, false)]);
    }
    for (const source of [caller.router, request.from]) {
      const quoted = textOf(protocol, reverse(request), true);
      const text = `icmp ${source} > ${request.to} host-unreachable { ${quoted} }`;
      const hidden = source === request.from || hides(caller);
      const outer = hidden ? seen.from : source;
      this.#error(caller, text, [outer, seen.to, textOf(protocol, reverse(seen), true)]);
    }
    assert.equal(JSON.stringify(this.#gateway.flows()), flows, "errors leave flows alone");
  }

  /** `expected`: outer source and destination, and what is quoted. */
  #error(side: Side, text: string, expected: readonly string[]): void {
    const said = describePacket(this.#send(side, text));
    const [, ...parts] = /^icmp (\S+) > (\S+) .*\{ (.*) \}$/.exec(said) ?? [];
    assert.deepEqual(parts, expected, `${text} became ${said}`);
  }

  #send(side: Side, text: string): Uint8Array {
    const { verdict, packet } = this.#pass(side, text);
    assert.equal(verdict, "sent", text);
    assert.deepEqual(verifyChecksums(packet), [], text);
    return packet;
  }

  #pass(side: Side, text: string) {
    const iface = this.#interfaces.get(side.name)!;
    return pass(this.#gateway, iface, buildPacket(parsePacket(text)));
  }
}

/** Whether an error of any router of that side comes from the public address of the connection. */
function hides({ mode }: Side): boolean {
  return !/^(none|static)/.test(mode);
}

for (const v6 of [false, true]) {
  for (const one of MODES) {
    for (const two of MODES) {
      const sides = [new Side(1, one, v6), new Side(2, two, v6)] as const;
      const config = {
        vpcs: { vpc1: { vni: 100 }, vpc2: { vni: 200 } },
        peerings: {
          p: {
            peering: Object.fromEntries(
              sides.map(({ name, exposes }) => [name, { expose: exposes }]),
            ),
          },
        },
      };
      test(`IPv${v6 ? 6 : 4}: ${one} facing ${two}`, () => {
        const { issues } = loadConfig(JSON.stringify(config), "", natModes);
        if (issues.some(({ severity }) => severity === "error")) {
          const pair = [one, two];
          const pure = pair.every((mode) => mode === "masquerade" || mode === "port-forward");
          assert.ok(pure && one === two, JSON.stringify(issues));
          assert.equal(issues[0]?.code, "peering/nobody-can-open");
          return;
        }
        for (const [caller, callee] of [sides, [sides[1], sides[0]] as const]) {
          for (const protocol of ["tcp", "udp", "icmp"] as const) {
            new Cell(gatewayOf(config), caller, callee, protocol).run();
          }
        }
      });
    }
  }
}
