// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { addCheckCommand } from "./check.ts";
import { addExportCommand } from "./export.ts";
import { addPoolsCommand } from "./pools.ts";
import { addRecoverCommand, type RecoverParts } from "./recover.ts";
import { addReleaseCommand } from "./release.ts";
import { addReservationsCommand } from "./reservations.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/**
 * Adds the commands that look into a node. Their actions reject with an Error that fits on one line when they could not do
 * what they were asked to; what they found goes into the exit status.
 */
export function registerDebugCommands(
  program: Command,
  terminal: Terminal = processTerminal(),
  parts: RecoverParts = {},
): void {
  addPoolsCommand(program, terminal);
  addReservationsCommand(program, terminal);
  addReleaseCommand(program, terminal);
  addCheckCommand(program, terminal);
  addExportCommand(program, terminal);
  addRecoverCommand(program, terminal, parts);
}
