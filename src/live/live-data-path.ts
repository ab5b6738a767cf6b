// The data path between real interfaces: takes frames from all ports in turn, runs them through the
// gateway, sends what comes out; and follows the kernel's network meanwhile.

import { systemClock } from "../base/clock.ts";
import type { Config } from "../config/model.ts";
import { addCounters } from "../drivers/counts.ts";
import type { DriverCounters } from "../drivers/driver.ts";
import type { System } from "../drivers/linux/sys.ts";
import { SystemError } from "../drivers/linux/system-error.ts";
import type { ApplyReport, Gateway } from "../gateway/gateway.ts";
import { BATCH_MAX } from "../packet/limits.ts";
import { Outbox } from "../packet/outbox.ts";
import type { FlowEvents } from "../tables/flow-events.ts";
import { Tap } from "./capture/tap.ts";
import type { DataPath, DataPathCounts, InterfaceView, Log } from "./data-path.ts";
import { describeInterface } from "./describe-interface.ts";
import { Histogram } from "./histogram.ts";
import { KernelNetwork } from "./kernel-network.ts";
import { type OpenPort, openPort } from "./port.ts";
import { sameDriver, type WantedPort, wantedPorts } from "./wanted-ports.ts";

/** Interfaces that a gateway may have had since its start. */
const INTERFACES_MAX = 256;
/** Flows looked at after a sleep: a million in a minute or two. */
const IDLE_SWEEP = 1000;
/** How often the kernel is asked while there is no sleep that it could end. */
const LOOK_MILLIS = 20;
/** How often it is tried to open what is there and could not be opened. */
const RETRY_MILLIS = 1000;

export class LiveDataPath implements DataPath {
  readonly gateway: Gateway;
  readonly tap: Tap;
  readonly #system: System;
  readonly #log: Log;
  readonly #outbox: Outbox;
  /** The gateway's numbers, by name of the interface. */
  readonly #numbers = new Map<string, number>();
  readonly #ports = new Map<string, OpenPort>();
  /** The same, to be walked over; and whose turn it is first. */
  #list: readonly OpenPort[] = [];
  #first = 0;
  #fds: readonly number[] = [];
  #network: KernelNetwork | undefined;
  #config: Config | undefined;
  #wantedPorts: readonly WantedPort[] = [];
  #lookAt = 0;
  #retryAt = 0;
  /** By interface: why it could not be opened the last time. */
  readonly #refusals = new Map<string, string>();
  /** Why the kernel did not tell the last time; empty when it did. */
  #silence = "";
  readonly #batches = new Histogram(Math.log2(BATCH_MAX));
  /** Of the drivers that interfaces have had before. */
  readonly #closedCounters = new Map<string, DriverCounters>();

  constructor(gateway: Gateway, system: System, log: Log) {
    this.gateway = gateway;
    this.tap = new Tap(gateway);
    this.#system = system;
    this.#log = log;
    this.#outbox = new Outbox(INTERFACES_MAX, gateway.pool.slots);
  }

  get fds(): readonly number[] {
    return this.#fds;
  }

  get flowEvents(): FlowEvents {
    return this.gateway.parts.flows.events;
  }

  turn(now: number, slept: boolean): boolean {
    const gateway = this.gateway;
    const ports = this.#list;
    let came = 0;
    for (let i = 0; i < ports.length; i++) {
      const port = ports[(this.#first + i) % ports.length]!;
      came += gateway.take(port.driver, port.iface);
    }
    this.#first = ports.length === 0 ? 0 : (this.#first + 1) % ports.length;
    if (came > 0) this.#batches.add(came);
    if (came > 0 || slept || now >= gateway.links!.due()) this.#run(now);
    if (came === 0 && slept) gateway.sweep(IDLE_SWEEP, now);
    if (slept || now >= this.#lookAt) this.#look(now);
    return came > 0;
  }

  due(now: number): number {
    return Math.max(0, Math.min(this.gateway.links!.due() - now, 1000));
  }

  apply(config: Config): ApplyReport {
    const now = Math.floor(systemClock.now());
    const wanted = wantedPorts(config);
    const opened: OpenPort[] = [];
    let network: KernelNetwork | undefined;
    try {
      for (const port of wanted) {
        if (!this.#ports.has(port.name)) opened.push(this.#open(port));
      }
      network = new KernelNetwork(this.#system, wanted, config.underlay, this.#network);
      const report = this.#applyTo(network, config, now);
      this.#network?.close();
      this.#network = network;
      this.#settle(wanted, opened, now);
      return report;
    } catch (error) {
      if (network !== this.#network) network?.close();
      for (const port of opened) port.close();
      throw error;
    }
  }

  counts(): DataPathCounts {
    return {
      gateway: this.gateway.counts(),
      interfaces: this.#interfaceCounters(),
      batches: this.#batches.read(),
    };
  }

  #interfaceCounters(): ReadonlyMap<string, DriverCounters> {
    const interfaces = new Map(this.#closedCounters);
    for (const { driver, wanted } of this.#list) {
      interfaces.set(wanted.name, addCounters(driver.counters(), interfaces.get(wanted.name)));
    }
    return interfaces;
  }

  interfaces(): readonly InterfaceView[] {
    return this.#wantedPorts.map((port) => {
      const { name } = port;
      const driver = this.#ports.get(name)?.driver;
      const before = this.#closedCounters.get(name);
      const counters = driver ? addCounters(driver.counters(), before) : before;
      const link = this.#network?.link(name);
      return describeInterface(port, link, counters, driver !== undefined);
    });
  }

  close(): void {
    for (const { wanted } of this.#list) this.#shut(wanted.name);
    this.#network?.close();
    this.#network = undefined;
    this.#renewLists();
  }

  #run(now: number): void {
    const gateway = this.gateway;
    const { rows, counts } = this.#outbox;
    const ports = this.#list;
    if (this.tap.isOpen) this.#runWatched(now);
    else gateway.run(now);
    gateway.collect(this.#outbox);
    for (let i = 0; i < ports.length; i++) {
      const { driver, iface } = ports[i]!;
      const count = counts[iface]!;
      if (count > 0) driver.transmit(gateway.pool, rows[iface]!, count);
    }
    this.#outbox.clear();
    gateway.clear();
  }

  #runWatched(now: number): void {
    this.tap.before();
    this.tap.after(this.gateway.run(now));
  }

  /** What the kernel has to tell; when it does not, it is asked again later. */
  #look(now: number): void {
    this.#lookAt = now + LOOK_MILLIS;
    if (this.#network === undefined) return;
    try {
      this.#follow(this.#network, now);
      if (now >= this.#retryAt) this.#retry(this.#network, now);
      this.#silence = "";
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.message !== this.#silence) this.#log({ level: "error", message: error.message });
      this.#silence = error.message;
    }
  }

  #follow(network: KernelNetwork, now: number): void {
    const { links } = this.gateway;
    for (const { interface: name, what } of network.linkEvents()) {
      this.#log({
        level: "info",
        message: `interface ${name}: ${what}`,
        details: { interface: name },
      });
      if (what === "vanished") this.#shut(name);
      if (what === "appeared") this.#reopen(name);
      if (what === "mtu") this.#renewMtus(name, now);
      if (what !== "mtu") this.#tellPort(name, now);
    }
    for (const { vtep, hop, message } of network.hopChanges(links!.wantedVteps(), now)) {
      links!.setOuterHop(vtep, hop, now);
      this.#log({ level: "info", message });
    }
  }

  /** An underlay that was made anew gets its address a moment later. */
  #retry(network: KernelNetwork, now: number): void {
    this.#retryAt = now + RETRY_MILLIS;
    for (const port of this.#wantedPorts) {
      const { name, driver } = port;
      const isThere = driver === "tap" || network.link(name) !== undefined;
      if (!isThere || this.#ports.has(name)) continue;
      this.#reopen(name, port);
      this.#tellPort(name, now);
    }
  }

  #applyTo(network: KernelNetwork, config: Config, now: number): ApplyReport {
    const report = this.gateway.apply(network.withMtus(config), now);
    this.#config = config;
    return { ...report, notices: [...report.notices, ...network.notices()] };
  }

  #renewMtus(name: string, now: number): void {
    if (!this.#network || !this.#config) return;
    // A driver is made for the longest frame there was when it was opened.
    this.#shut(name);
    this.#reopen(name);
    this.gateway.apply(this.#network.withMtus(this.#config), now);
  }

  /** Behind a new configuration: ports it does not want are closed, others told. */
  #settle(wanted: readonly WantedPort[], opened: readonly OpenPort[], now: number): void {
    this.#wantedPorts = wanted;
    this.#lookAt = 0;
    for (const port of opened) this.#ports.set(port.wanted.name, port);
    for (const name of [...this.#ports.keys()]) {
      if (wanted.some((each) => each.name === name)) continue;
      this.#shut(name);
      this.gateway.links!.setPort(name, undefined, now);
    }
    for (const port of wanted) {
      const open = this.#ports.get(port.name);
      if (open && !sameDriver(open.wanted, port)) this.#shut(port.name);
      const current = this.#ports.get(port.name);
      if (current) this.#ports.set(port.name, { ...current, wanted: port });
      else this.#reopen(port.name, port);
      this.#tellPort(port.name, now);
    }
    this.#renewLists();
  }

  /** How the gateway finds its interface, by what the kernel says of it. */
  #tellPort(name: string, now: number): void {
    const port = this.#ports.get(name);
    const link = this.#network?.link(name);
    const { links } = this.gateway;
    if (!port || !link?.running) {
      links!.setPort(name, undefined, now);
      return;
    }
    const { vpc, underlay } = port.wanted;
    const mac = underlay?.vtepMac ?? link.mac;
    const options = { name, link: "ethernet", vpc, vxlan: underlay !== undefined, mac } as const;
    this.gateway.setInterface(port.iface, options);
    links!.setPort(name, { iface: port.iface, mac: link.mac }, now);
  }

  #open(wanted: WantedPort): OpenPort {
    const port = openPort(wanted, this.#numberOf(wanted.name), this.#system);
    for (const message of port.notices) this.#log({ level: "warn", message });
    return port;
  }

  /** Of an interface that is there again, or is to be driven otherwise; one that cannot be opened
   * is tried again. */
  #reopen(name: string, wanted = this.#wanted(name)): void {
    if (wanted === undefined) return;
    try {
      this.#ports.set(name, this.#open(wanted));
      this.#refusals.delete(name);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#refusals.get(name)) this.#log({ level: "error", message });
      this.#refusals.set(name, message);
    }
    this.#renewLists();
  }

  #wanted(name: string): WantedPort | undefined {
    return this.#wantedPorts.find((each) => each.name === name);
  }

  #shut(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    const before = this.#closedCounters.get(name);
    this.#closedCounters.set(name, addCounters(port.driver.counters(), before));
    port.close();
    this.#ports.delete(name);
    this.#renewLists();
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#numbers.size === INTERFACES_MAX) {
      throw new Error(`more than ${INTERFACES_MAX} interfaces since the start: start anew`);
    }
    const number = this.gateway.addInterface({ name, link: "ethernet", vxlan: false });
    this.#numbers.set(name, number);
    return number;
  }

  #renewLists(): void {
    this.#list = [...this.#ports.values()];
    this.#fds = [...this.#list.map(({ driver }) => driver.fd), ...(this.#network?.fds ?? [])];
  }
}
