// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { toJson } from "../log/printable.ts";
import { countText } from "../pool/count-text.ts";
import type { Reservation } from "../rpc/messages.ts";
import { addPlaceOptions, formatOf, optionOf, placeOf } from "./place.ts";
import { listMatching, type Query } from "./query.ts";
import { addReleaseOptions, queryOf } from "./query-options.ts";
import { RESERVATION_HEADERS, reservationCells, reservationRow } from "./reservation-row.ts";
import type { DaemonSource } from "./source.ts";
import { Table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { withDaemon } from "./with-source.ts";

const HELP = `
Either one reservation, by --address or --container (with --pool, --pool-type, --interface where these alone fit several),
or all of a pod by --pod. A container that still runs keeps using its address while the next one gets it too: release only
what is gone. Shows what it releases and asks first; without a terminal it needs --yes. Exit status 1 when nothing matched.

JSON: {dryRun, released, reservations}, released the number of those that were, reservations what matched; needs --yes or
--dry-run.

Examples:
  ipam-node release --pod default/web-0
  ipam-node release --pool pool1 --address 192.168.0.11 --dry-run
  ipam-node release --pool pool1 --container 3f1c9a4be07d1 --interface net1 --yes
`;

type Way = { readonly yes: boolean; readonly dryRun: boolean; readonly json: boolean };

export function addReleaseCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("release")
    .description("Release one reservation, or all of a pod.")
    .allowExcessArguments(false);
  addPlaceOptions(addReleaseOptions(command))
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would be released")
    .addHelpText("after", HELP)
    .action(async () => {
      const query = queryOf(command);
      const way = {
        yes: optionOf<true | undefined>(command, "yes") ?? false,
        dryRun: optionOf<true | undefined>(command, "dryRun") ?? false,
        json: formatOf(command) === "json",
      };
      checkWay(query, way);
      await withDaemon(placeOf(command), "release", (daemon) => release(terminal, daemon, query, way));
    });
}

function checkWay(query: Query, { yes, dryRun, json }: Way): void {
  if (query.podName === undefined && query.address === undefined && query.container === undefined) {
    throw new Error("release what? Name a pod by --pod, or one reservation by --address or --container");
  }
  if (yes || dryRun) return;
  if (json) throw new Error("-o json does not ask: add --yes to release, or --dry-run to look only");
}

async function release(terminal: Terminal, daemon: DaemonSource, query: Query, way: Way): Promise<void> {
  const matching = await find(daemon, query);
  if (way.json) return releaseForScript(terminal, daemon, matching, way);
  if (!way.yes && !way.dryRun && terminal.confirm === undefined) {
    throw new Error("nobody to ask without a terminal: add --yes to release, or --dry-run to look only");
  }
  await terminal.print(formatMatching(terminal, matching));
  if (way.dryRun) return terminal.note("Dry run: nothing was released.");
  const question = `Release ${countText(matching.length, "reservation")}?`;
  if (!way.yes && !(await terminal.confirm?.(question))) {
    terminal.note("Nothing was released.");
    return terminal.setExitStatus(1);
  }
  const released = await daemon.release(matching);
  await terminal.print(`Released ${countText(released, "reservation")}.\n`);
  noteMissing(terminal, matching.length - released);
}

async function releaseForScript(
  terminal: Terminal,
  daemon: DaemonSource,
  matching: readonly Reservation[],
  { dryRun }: Way,
): Promise<void> {
  const released = dryRun ? 0 : await daemon.release(matching);
  await terminal.print(`${toJson({ dryRun, released, reservations: matching.map(reservationRow) })}\n`);
  if (!dryRun) noteMissing(terminal, matching.length - released);
}

/** What matches: at least one, and no more than one where no pod was named. */
async function find(daemon: DaemonSource, query: Query): Promise<Reservation[]> {
  const matching: Reservation[] = [];
  for await (const page of listMatching(daemon, query)) matching.push(...page);
  if (matching.length === 0) throw new Error("no reservation matches: nothing was released");
  if (query.podName === undefined && matching.length > 1) {
    const [one, two] = matching.map(({ pool, address, cniIfname }) => `${address} (${pool}, ${cniIfname})`);
    throw new Error(
      `${matching.length} reservations match, as ${one} and ${two}: name one by --pool, --pool-type, --address, --container and --interface`,
    );
  }
  return matching;
}

function formatMatching(terminal: Terminal, matching: readonly Reservation[]): string {
  const options = { nowMs: Date.now(), shortIds: terminal.isWatched };
  return new Table(RESERVATION_HEADERS).format(matching.map((one) => reservationCells(one, options)));
}

/** The daemon releases a reservation only as it was shown. */
function noteMissing(terminal: Terminal, missing: number): void {
  if (missing === 0) return;
  terminal.note(`${countText(missing, "reservation")} had gone or changed meanwhile: look again.`);
  terminal.setExitStatus(1);
}
