// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { addDoctorCommand } from "./doctor-command.ts";
import { addMapCommand } from "./map-command.ts";
import { addNodeCommand } from "./node-command.ts";
import { addPoolsCommand } from "./pools-command.ts";
import type { Surroundings } from "./session.ts";
import { addWhoCommand } from "./who-command.ts";

/**
 * Adds the commands that look at a whole cluster. Their actions reject with an Error that fits on one line when they could
 * not do what they were asked to; what they found goes into the exit status.
 */
export function registerKubectlCommands(program: Command, surroundings: Surroundings): void {
  addPoolsCommand(program, surroundings);
  addNodeCommand(program, surroundings);
  addWhoCommand(program, surroundings);
  addMapCommand(program, surroundings);
  addDoctorCommand(program, surroundings);
}
