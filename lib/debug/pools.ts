// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import type { PoolInfo } from "../rpc/messages.ts";
import { printJsonArray } from "./json-array.ts";
import { addPlaceOptions, formatOf, placeOf } from "./place.ts";
import { poolTypeName } from "./pool-type.ts";
import { addMapOptions, drawPoolMaps, mapRequest } from "./pools-map.ts";
import type { Source } from "./source.ts";
import { Table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { withSource } from "./with-source.ts";

const HELP = `
SHARE is what this node may choose addresses from, EXCLUDED what of it is never chosen (exclusions, the gateway), NEXT what
the next pod gets. USED counts every reservation of the pool, also addresses outside the share that were asked for.
--map draws each share, one letter for each address or for several; --svg writes the same as a picture.

JSON: an array of {pool, poolType, share, gateway, size, used, free, excluded, next, exclusions, routes, staleReason}. share
is {subnet, startIp, endIp}, or null where only reservations are left; size, used, free and excluded are numbers, or
decimal texts from 2^53 on; texts that do not apply are "".

Examples:
  ipam-node pools
  ipam-node pools --map
  ipam-node pools --svg pools.svg
  ipam-node pools -o json | jq '.[] | select(.free == 0) | .pool'
  ipam-node pools --bind-address unix:///run/nv-ipam.sock --store-file /var/lib/nv-ipam/store
`;

const HEADERS = ["POOL", "TYPE", "SHARE", "SUBNET", "GATEWAY", "SIZE", "USED", "FREE", "EXCLUDED", "NEXT"];

export function addPoolsCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("pools")
    .description("Show this node's share of every pool.")
    .allowExcessArguments(false);
  addPlaceOptions(addMapOptions(command))
    .addHelpText("after", HELP)
    .action(async () => {
      const maps = mapRequest(command);
      if (maps !== undefined)
        return withSource(placeOf(command), (source) => drawPoolMaps(terminal, source, maps));
      const json = formatOf(command) === "json";
      await withSource(placeOf(command), (source) => (json ? printJson : printTable)(terminal, source));
    });
}

async function printJson(terminal: Terminal, source: Source): Promise<void> {
  const { pools } = await source.listPools();
  await printJsonArray(terminal, [pools.map(poolRow)]);
}

async function printTable(terminal: Terminal, source: Source): Promise<void> {
  const { pools } = await source.listPools();
  if (source.remark !== undefined) terminal.note(source.remark);
  if (pools.length === 0)
    return terminal.note("No pools: this node has neither a share of one nor reservations.");
  await terminal.print(new Table(HEADERS).format(pools.map(poolCells)));
  // A store's shares are all of them older ones, which the remark has said.
  if (source.remark !== undefined) return;
  for (const { pool, staleReason } of pools) {
    if (staleReason !== "")
      terminal.note(`The share of ${pool} is not the pool's current one: ${staleReason}`);
  }
}

/** A pool in JSON output: a contract with scripts. */
function poolRow(info: PoolInfo) {
  const { subnet, startIp, endIp } = info;
  return {
    pool: info.pool,
    poolType: poolTypeName(info.poolType),
    share: info.hasShare ? { subnet, startIp, endIp } : null,
    gateway: info.gateway,
    size: count(info.size),
    used: count(info.used),
    free: count(info.free),
    excluded: count(info.excluded),
    next: info.nextIp,
    exclusions: info.exclusions,
    routes: info.routes,
    staleReason: info.staleReason,
  };
}

/** A number where JSON's readers can hold it exactly. */
function count(decimal: string): number | string {
  const number = Number(decimal);
  return Number.isSafeInteger(number) ? number : decimal;
}

function poolCells(info: PoolInfo): string[] {
  return [
    info.pool,
    poolTypeName(info.poolType),
    info.hasShare ? `${info.startIp}-${info.endIp}` : "",
    info.subnet,
    info.gateway,
    info.size,
    info.used,
    info.free,
    info.excluded,
    info.nextIp,
  ];
}
