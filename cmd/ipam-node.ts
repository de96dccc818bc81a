// SPDX-License-Identifier: Apache-2.0
import { addCompletionCommands } from "../lib/completion/command.ts";
import { registerDebugCommands } from "../lib/debug/commands.ts";
import { processTerminal } from "../lib/debug/terminal.ts";
import { addNodeFlags, type NodeFlags } from "./flags.ts";
import { addInstallCommand } from "./install.ts";
import { createProgram, refuseArguments, runProgram } from "./program.ts";
import { podsOf } from "./recover-pods.ts";
import { runDaemon } from "./run-daemon.ts";
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
  registerDebugCommands(program, processTerminal(), { podsOf });
  addInstallCommand(program);
  addCompletionCommands(program, { print: (text) => process.stdout.write(text) });
  program.addHelpText("after", HELP).action(async () => {
    refuseArguments(program);
    const flags = program.opts<NodeFlags>();
    if (flags.version) console.log(`ipam-node ${version}`);
    else await runDaemon(program, flags);
  });
  await runProgram(program, args);
}
