// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { registerDebugCommands } from "../lib/debug/commands.ts";
import { createLineLogger } from "../lib/log/line-logger.ts";
import type { Logger } from "../lib/log/log.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import { isLocal } from "../lib/node/bind-address.ts";
import { startDaemon } from "../lib/node/daemon.ts";
import { checkSocketPath } from "../lib/node/socket-path.ts";
import { findConfigProblem } from "../lib/node/start-checks.ts";
import { daemonParts } from "./daemon-parts.ts";
import { installationOf, nodeNameOf } from "./daemon-settings.ts";
import { addNodeFlags, ignoredFlagsGiven, type NodeFlags } from "./flags.ts";
import { createProgram, fail, refuseArguments, runProgram } from "./program.ts";
import { runUntilSignal } from "./signals.ts";
import { version } from "./version.ts";

const HELP = `
Without a command it is the daemon.

Examples:
  ipam-node --node-name=$NODE_NAME
  ipam-node --pools-dir /etc/nv-ipam/pools --logging-format=json
  ipam-node pools
  ipam-node reservations --help
`;

/** The daemon's and the debug commands' command line, without the executable's name. */
export async function runNode(args: readonly string[]): Promise<void> {
  const program = createProgram(
    "ipam-node",
    "Hands out this node's addresses of IPPools and CIDRPools to CNI plugins.",
  );
  addNodeFlags(program);
  program.commandsGroup("Commands to look into a node:");
  registerDebugCommands(program);
  program.addHelpText("after", HELP).action(async () => {
    refuseArguments(program);
    const flags = program.opts<NodeFlags>();
    if (flags.version) console.log(`ipam-node ${version}`);
    else await runDaemon(program, flags);
  });
  await runProgram(program, args);
}

async function runDaemon(program: Command, flags: NodeFlags): Promise<void> {
  const log = createLineLogger({
    format: flags.loggingFormat,
    verbosity: flags.v,
    name: "node",
    write: stderrWriter(),
  });
  const ignored = ignoredFlagsGiven(program);
  if (ignored.length > 0) log.warn("flags without effect here, accepted as they are", { flags: ignored });
  try {
    await check(flags);
    warnAboutExposure(flags, log);
    await runUntilSignal(() => startDaemon(daemonParts(program, flags, log), log), log);
  } catch (error) {
    fail(error);
  }
}

async function check(flags: NodeFlags): Promise<void> {
  const { storeFile, poolsDir, bindAddress } = flags;
  const problem = findConfigProblem({
    nodeName: nodeNameOf(flags),
    storeFile,
    installation: installationOf(flags),
    ...(poolsDir === undefined ? {} : { poolsDir }),
  });
  if (problem !== undefined) throw new Error(`invalid config: ${problem}`);
  if (bindAddress.kind === "unix") await checkSocketPath(bindAddress.path);
  if (poolsDir === undefined) {
    throw new Error(
      "pools from a Kubernetes API are not built yet: give --pools-dir DIR with pool manifests",
    );
  }
}

function warnAboutExposure({ bindAddress, metricsBindAddress }: NodeFlags, log: Logger): void {
  if (!isLocal(bindAddress)) {
    log.warn("the service is open to the network without authentication: bind it to a socket or to loopback");
  }
  if (metricsBindAddress !== "off") log.info("metrics are not served by this version", {}, 1);
}
