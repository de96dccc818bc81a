// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { printJsonArray } from "./json-array.ts";
import { addPlaceOptions, formatOf, placeOf } from "./place.ts";
import { listMatching, type Query } from "./query.ts";
import { addQueryOptions, queryOf } from "./query-options.ts";
import { RESERVATION_HEADERS, reservationCells, reservationRow } from "./reservation-row.ts";
import type { Source } from "./source.ts";
import { Table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { withSource } from "./with-source.ts";

const HELP = `
Several filters must all match. Long container IDs are shortened on a terminal only.

JSON: an array of {pool, poolType, address, containerId, interface, podNamespace, podName, podUid, network, deviceId,
createdAt}; texts that are not known are "".

Examples:
  ipam-node reservations
  ipam-node reservations --pool pool1 --namespace default
  ipam-node reservations --pod default/web-0
  ipam-node reservations --address 192.168.0.11
  ipam-node reservations -o json | jq -r '.[] | [.address, .podName] | @tsv'
`;

export function addReservationsCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("reservations")
    .description("Show who holds which address on this node.")
    .allowExcessArguments(false);
  addPlaceOptions(addQueryOptions(command))
    .addHelpText("after", HELP)
    .action(async () => {
      const query = queryOf(command);
      const json = formatOf(command) === "json";
      await withSource(placeOf(command), (source) =>
        json ? printJson(terminal, source, query) : printTable(terminal, source, query),
      );
    });
}

async function* rowPages(source: Source, query: Query) {
  for await (const page of listMatching(source, query)) yield page.map(reservationRow);
}

function printJson(terminal: Terminal, source: Source, query: Query): Promise<void> {
  return printJsonArray(terminal, rowPages(source, query));
}

async function printTable(terminal: Terminal, source: Source, query: Query): Promise<void> {
  if (source.remark !== undefined) terminal.note(source.remark);
  const table = new Table(RESERVATION_HEADERS);
  const options = { nowMs: Date.now(), shortIds: terminal.isWatched };
  let found = false;
  for await (const page of listMatching(source, query)) {
    if (page.length === 0) continue;
    found = true;
    const rows = page.map((reservation) => reservationCells(reservation, options));
    if (!(await terminal.print(table.format(rows)))) return;
  }
  if (!found) terminal.note(Object.keys(query).length === 0 ? "No reservations." : "No reservation matches.");
}
