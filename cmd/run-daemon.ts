// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { createLineLogger } from "../lib/log/line-logger.ts";
import type { Logger } from "../lib/log/log.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import { type Daemon, startDaemon } from "../lib/node/daemon.ts";
import { checkSocketPath } from "../lib/node/socket-path.ts";
import { findConfigProblem } from "../lib/node/start-checks.ts";
import { createDaemonMetrics } from "./daemon-metrics.ts";
import { daemonParts } from "./daemon-parts.ts";
import { type DaemonSettings, daemonSettings } from "./daemon-settings.ts";
import type { NodeFlags } from "./flags.ts";
import { findSharedAddress } from "./http-endpoint.ts";
import { dirOrigin } from "./pool-origin.ts";
import { fail } from "./program.ts";
import { runUntilSignal } from "./signals.ts";
import { warnOfFlags, warnOfSettings } from "./start-warnings.ts";
import { version } from "./version.ts";

/** The daemon from its flags to its end. A start that fails says so in one line and ends the process with status 1. */
export async function runDaemon(program: Command, flags: NodeFlags): Promise<void> {
  const log = createLineLogger({
    format: flags.loggingFormat,
    verbosity: flags.v,
    name: "node",
    write: stderrWriter(),
  });
  try {
    const settings = daemonSettings(flags, (flag) => program.getOptionValueSource(flag) === "cli");
    await check(settings);
    log.info("starting", { version, node: settings.nodeName }, 1);
    warnOfFlags(program, settings, log);
    await runUntilSignal(async () => {
      const daemon = await start(settings, log);
      warnOfSettings(program, settings, log);
      return daemon;
    }, log);
  } catch (error) {
    fail(error);
  }
}

/** Access to the API is looked for before anything of the host is touched. */
async function start(settings: DaemonSettings, log: Logger): Promise<Daemon> {
  const { poolsDir, nodeName, kube } = settings;
  const metrics = createDaemonMetrics();
  const origin =
    poolsDir === undefined
      ? await (await import("./daemon-kube.ts")).openKubeOrigin(kube, metrics, log)
      : dirOrigin(poolsDir, nodeName, log);
  return startDaemon(daemonParts(settings, { origin, metrics }, log), log);
}

/** Throws what keeps the daemon from starting. */
async function check(settings: DaemonSettings): Promise<void> {
  const problem =
    findConfigProblem(settings) ?? findSharedAddress(settings.metrics.address, settings.probes.address);
  if (problem !== undefined) throw new Error(`invalid config: ${problem}`);
  if (settings.bind.kind === "unix") await checkSocketPath(settings.bind.path);
}
