// `isthmus show WHAT`: what a running gateway knows.

import type { Command } from "commander";
import { type ApiOptions, apiCommand, askGateway, printJson } from "../api-command.ts";
import type { ApiConfig, ApiFlow, ApiPool, ApiStats, Page } from "../api-types.ts";
import { addFilterOptions, type FilterOptions, filterOf } from "../flow-filter.ts";
import type { CliIo } from "../io.ts";
import { limitOf } from "../option-values.ts";
import { note, tableText } from "../print-table.ts";
import { flowsView } from "../show/flows.ts";
import { interfacesView } from "../show/interfaces.ts";
import { neighborsView } from "../show/neighbors.ts";
import { peeringsView } from "../show/peerings.ts";
import { addressesOf, poolAddressesView } from "../show/pool-addresses.ts";
import { poolsView } from "../show/pools.ts";
import { statsText } from "../show/stats.ts";
import type { TableView, View } from "../show/view.ts";
import { registerShowDrops } from "./show-drops.ts";

/** Flows shown unless told otherwise. */
const FLOWS = 50;

interface FlowsOptions extends ApiOptions, FilterOptions {
  readonly limit: number;
}

interface PoolsOptions extends ApiOptions {
  readonly addresses?: boolean;
}

export function registerShow(program: Command, io: CliIo): void {
  const show = program.command("show").description("look at a running gateway");
  registerFlows(show, io);
  registerShowDrops(show, io);
  registerPools(show, io);
  registerView(peeringsView, show, io);
  registerView(interfacesView, show, io);
  registerView(neighborsView, show, io);
  apiCommand(show, "config", "the configuration that is in force").action((options: ApiOptions) =>
    askGateway(options, io, async (client) => {
      const config = await client.get<ApiConfig>("/v1/config");
      if (options.json) printJson(config, io);
      else io.out(configText(config));
      return 0;
    }),
  );
  apiCommand(show, "stats", "where all packets went, and what is held").action(
    (options: ApiOptions) =>
      askGateway(options, io, async (client) => {
        const stats = await client.get<ApiStats>("/v1/stats");
        if (options.json) printJson(stats, io);
        else io.out(statsText(stats, io));
        return 0;
      }),
  );
}

function registerFlows(show: Command, io: CliIo): void {
  const command = apiCommand(show, flowsView.name, flowsView.description);
  addFilterOptions(command)
    .option("--limit <count>", "show so many at most", limitOf, FLOWS)
    .action((options: FlowsOptions) =>
      askGateway(options, io, async (client) => {
        const { path } = flowsView;
        const page = await client.list<ApiFlow>(path, options.limit, { ...filterOf(options) });
        printPage(flowsView, page, options, io);
        return 0;
      }),
    );
}

function registerPools(show: Command, io: CliIo): void {
  apiCommand(show, poolsView.name, poolsView.description)
    .option("--addresses", "each public address by itself")
    .action((options: PoolsOptions) =>
      askGateway(options, io, async (client) => {
        const page = await client.list<ApiPool>(poolsView.path);
        if (options.addresses) {
          const addresses = { items: addressesOf(page.items), next: page.next };
          printPage(poolAddressesView, addresses, options, io);
        } else printPage(poolsView, page, options, io);
        return 0;
      }),
    );
}

function registerView<T>(view: View<T>, show: Command, io: CliIo): void {
  apiCommand(show, view.name, view.description).action((options: ApiOptions) =>
    askGateway(options, io, async (client) => {
      const page = await client.list<T>(view.path);
      printPage(view, page, options, io);
      return 0;
    }),
  );
}

function printPage<T>(view: TableView<T>, page: Page<T>, { json }: ApiOptions, io: CliIo): void {
  if (json) {
    printJson(page, io);
    return;
  }
  const { items, next } = page;
  if (items.length === 0) {
    io.out(`${view.none}\n`);
    return;
  }
  const sorted = view.compare ? items.toSorted((a, b) => view.compare!(a, b)) : items;
  io.out(
    tableText(
      view.columns,
      sorted.map((item) => view.row(item)),
      io,
    ),
  );
  const more = `These are the first ${items.length}; there are more (--limit).`;
  const notes = [...(next === null ? [] : [more]), ...(view.notes?.(sorted) ?? [])];
  io.out(notes.map((each) => note(each, io)).join(""));
}

/** The text as it is, below a comment, so that it can be written to a file. */
function configText({ file, text, generation, appliedAt, confirmBy }: ApiConfig): string {
  const undone = confirmBy === null ? "" : `, taken back at ${confirmBy} unless confirmed`;
  return `# ${file}: configuration ${generation}, applied at ${appliedAt}${undone}\n${text}`;
}
