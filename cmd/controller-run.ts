// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { type Program, startProgram } from "../lib/controller/program.ts";
import { createLineLogger } from "../lib/log/line-logger.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import { controllerParts } from "./controller-parts.ts";
import { controllerSettings } from "./controller-settings.ts";
import { type ControllerFlags, ignoredFlagsGiven } from "./flags.ts";
import { fail } from "./program.ts";
import { runUntilSignal } from "./signals.ts";
import { version } from "./version.ts";

/** The controller from its flags to its end. A start that fails says so in one line and ends the process with status 1. */
export async function runControllerProgram(program: Command, flags: ControllerFlags): Promise<void> {
  const log = createLineLogger({
    format: flags.loggingFormat,
    verbosity: flags.v,
    name: "controller",
    write: stderrWriter(),
  });
  try {
    const settings = controllerSettings(flags);
    const ignored = ignoredFlagsGiven(program);
    if (ignored.length > 0) log.warn("these flags have no effect", { flags: ignored.join(",") });
    const start = async (): Promise<Program> => {
      const parts = await controllerParts(settings, log);
      log.info("starting", { version, namespace: settings.namespace });
      return await startProgram(parts);
    };
    await runUntilSignal(start, log);
  } catch (error) {
    fail(error);
  }
}
