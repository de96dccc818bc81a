// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { createLineLogger } from "../lib/log/line-logger.ts";
import type { Logger } from "../lib/log/log.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import { isLocal } from "../lib/node/bind-address.ts";
import { startDaemon } from "../lib/node/daemon.ts";
import { checkSocketPath } from "../lib/node/socket-path.ts";
import { findConfigProblem } from "../lib/node/start-checks.ts";
import { daemonParts } from "./daemon-parts.ts";
import { type DaemonSettings, daemonSettings } from "./daemon-settings.ts";
import { ignoredFlagsGiven, type NodeFlags } from "./flags.ts";
import { fail } from "./program.ts";
import { runUntilSignal } from "./signals.ts";

/** The daemon from its flags to its end. A start that fails says so in one line and ends the process with status 1. */
export async function runDaemon(program: Command, flags: NodeFlags): Promise<void> {
  const log = createLineLogger({
    format: flags.loggingFormat,
    verbosity: flags.v,
    name: "node",
    write: stderrWriter(),
  });
  try {
    const settings = daemonSettings(flags, program.getOptionValueSource("healthProbeBindAddress") === "cli");
    const poolsDir = await check(settings);
    warn(program, settings, log);
    await runUntilSignal(() => startDaemon(daemonParts(settings, poolsDir, log), log), log);
  } catch (error) {
    fail(error);
  }
}

/** The directory of the pools. Throws what keeps the daemon from starting. */
async function check(settings: DaemonSettings): Promise<string> {
  const problem = findConfigProblem(settings);
  if (problem !== undefined) throw new Error(`invalid config: ${problem}`);
  if (settings.bind.kind === "unix") await checkSocketPath(settings.bind.path);
  if (settings.poolsDir === undefined) {
    throw new Error(
      "pools from a Kubernetes API are not built yet: give --pools-dir DIR with pool manifests",
    );
  }
  return settings.poolsDir;
}

function warn(program: Command, { bind }: DaemonSettings, log: Logger): void {
  const ignored = ignoredFlagsGiven(program);
  if (ignored.length > 0) log.warn("these flags have no effect", { flags: ignored.join(",") });
  if (!isLocal(bind)) {
    log.warn("the service is open to the network without authentication: bind it to a socket or to loopback");
  }
  log.info("metrics are not built yet: --metrics-bind-address has no effect", {}, 1);
}
