// SPDX-License-Identifier: Apache-2.0
import { addControllerFlags, type ControllerFlags } from "./flags.ts";
import { createProgram, refuseArguments, runProgram } from "./program.ts";
import { version } from "./version.ts";

const HELP = `
Examples:
  ipam-controller --leader-elect --webhook
  ipam-controller --kubeconfig ~/.kube/config --logging-format=json -v 1
`;

/** The controller's command line, without the executable's name. */
export async function runController(args: readonly string[]): Promise<void> {
  const program = createProgram(
    "ipam-controller",
    "Gives each node its block of every IPPool and CIDRPool, in the pools' status.",
  ).helpCommand(false);
  addControllerFlags(program);
  program.addHelpText("after", HELP).action(async () => {
    refuseArguments(program);
    const flags = program.opts<ControllerFlags>();
    if (flags.version) console.log(`ipam-controller ${version}`);
    // Loaded here: the daemon and its debug commands, which are the same file, need none of it.
    else await (await import("./controller-run.ts")).runControllerProgram(program, flags);
  });
  await runProgram(program, args);
}
