// SPDX-License-Identifier: Apache-2.0
import { type Command, Option } from "commander";
import { describeError } from "../log/printable.ts";
import { countText } from "../pool/count-text.ts";
import { writeExport } from "./export-file.ts";
import { addReachOptions, notEmpty, optionOf, type Place, placeOf } from "./place.ts";
import { requireReadable, withWayOut } from "./refusal.ts";
import type { Terminal } from "./terminal.ts";
import { withSource } from "./with-source.ts";

const HELP = `
The format "go" is the store file of the Go nv-ipam, which its daemon takes as its own. A running daemon is asked for it, else
the store is read. The names of CNI networks have no place in it.

--in-place makes --store-file such a file, for a Go daemon that is to start next: the database is kept beside it as
STORE.sqlite-TIME. It is refused while a daemon has the store. Where that is done already, or there is no store, it says so
and does nothing. Exit status 1 when the Go daemon must not be started.

Examples:
  ipam-node export --format go > store.json
  ipam-node export --format go --output /backup/store.json
  ipam-node export --format go --in-place
`;

export function addExportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("export")
    .description("Write the reservations as a store of the Go nv-ipam, to go back to it.")
    .allowExcessArguments(false)
    .addOption(
      new Option("--format <format>", "of which program the store is to be").choices(["go"]).default("go"),
    )
    .option("--output <file>", "write to this file, not to standard output", notEmpty)
    .option("--in-place", "replace the store itself, for a Go daemon that starts next");
  addReachOptions(command)
    .addHelpText("after", HELP)
    .action(async () => {
      const place = placeOf(command);
      const output = optionOf<string | undefined>(command, "output");
      if (optionOf<true | undefined>(command, "inPlace") !== true) return exportCopy(terminal, place, output);
      if (output !== undefined) throw new Error("--in-place writes to --store-file: leave --output out");
      await exportStore(terminal, place);
    });
}

async function exportCopy(terminal: Terminal, place: Place, output: string | undefined): Promise<void> {
  await withSource(place, async (source) => {
    if (source.remark !== undefined) terminal.note(source.remark);
    const content = await source.exportToGo();
    if (output === undefined) await terminal.print(content);
    else await writeExport(output, content, place.storeFile);
  });
}

/** On demand: nothing else that writes the store is a part of the debug commands. */
async function exportStore(terminal: Terminal, { storeFile }: Place): Promise<void> {
  const { exportInPlace } = await import("../node/store-export.ts");
  const outcome = tryInPlace(storeFile, exportInPlace);
  if (outcome.status === "refused") throw new Error(outcome.message);
  if (outcome.status === "nothing") return terminal.note(`${outcome.message}: nothing was done`);
  const { pools, reservations, keptAs } = outcome.report;
  terminal.note(
    `store ${storeFile} is the Go daemon's now (${countText(pools, "pool")}, ${countText(reservations, "reservation")}); the database is kept as ${keptAs}`,
  );
}

function tryInPlace<T>(storeFile: string, exportInPlace: (path: string) => T): T {
  try {
    requireReadable(storeFile);
    return exportInPlace(storeFile);
  } catch (error) {
    const isNamed = describeError(error).includes(`store ${storeFile}`);
    throw withWayOut(isNamed ? error : new Error(`cannot export store ${storeFile}`, { cause: error }));
  }
}
