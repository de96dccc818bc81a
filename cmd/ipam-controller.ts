// SPDX-License-Identifier: Apache-2.0
import { addControllerFlags, type CommonFlags } from "./flags.ts";
import { createProgram, fail, refuseArguments, runProgram } from "./program.ts";
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
  );
  addControllerFlags(program);
  program.addHelpText("after", HELP).action(() => {
    refuseArguments(program);
    if (program.opts<CommonFlags>().version) console.log(`ipam-controller ${version}`);
    else
      fail(
        "ipam-controller needs a Kubernetes API, which is not built yet: ipam-node --pools-dir DIR runs without",
      );
  });
  await runProgram(program, args);
}
