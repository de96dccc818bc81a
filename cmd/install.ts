// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { createLineLogger } from "../lib/log/line-logger.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import { install } from "../lib/node/installer.ts";
import { findInstallationProblem } from "../lib/node/start-checks.ts";
import { installationOf } from "./daemon-settings.ts";
import { addInstallFlags, type InstallFlags, ignoredFlagsGiven } from "./flags.ts";
import { version } from "./version.ts";

const HELP = `
Does what the daemon does at its start, and ends: for whoever may write where the daemon may not. Files that are the same
already are left alone. The daemon then runs with --cni-skip-nv-ipam-binary-copy --cni-skip-nv-ipam-config-creation.

Examples:
  ipam-node install
  ipam-node install --cni-bin-dir=/var/lib/cni/bin --cni-log-level=debug
`;

/** "ipam-node install"; rejects with one line that names the file or the flag. */
export function addInstallCommand(program: Command): void {
  const command = program
    .command("install")
    .description("Put the plugin and its configuration in place, and end.")
    .allowExcessArguments(false);
  addInstallFlags(command);
  command.addHelpText("after", HELP).action(async () => {
    const flags = command.opts<InstallFlags>();
    if (flags.version) return console.log(`ipam-node ${version}`);
    await runInstall(flags, ignoredFlagsGiven(command));
  });
}

async function runInstall(flags: InstallFlags, ignored: readonly string[]): Promise<void> {
  const installation = installationOf(flags);
  const problem = findInstallationProblem(installation);
  if (problem !== undefined) throw new Error(`invalid config: ${problem}`);
  const log = createLineLogger({
    format: flags.loggingFormat,
    verbosity: flags.v,
    name: "install",
    write: stderrWriter(),
  });
  if (ignored.length > 0) log.warn("these flags have no effect", { flags: ignored.join(",") });
  await install(installation, log);
}
