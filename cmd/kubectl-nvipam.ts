// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin's command line: "kubectl nvipam …" runs the executable kubectl-nvipam.
import { addAskedCommand } from "../lib/completion/command.ts";
import { processTerminal } from "../lib/debug/terminal.ts";
import { openCluster } from "../lib/kube/cluster.ts";
import { registerKubectlCommands } from "../lib/kubectl/commands.ts";
import { completeNames } from "../lib/kubectl/complete-names.ts";
import type { ConnectOptions, Session } from "../lib/kubectl/session.ts";
import { createLineLogger } from "../lib/log/line-logger.ts";
import { kubectlExec } from "./kubectl-exec.ts";
import { createProgram, refuseArguments, runProgram } from "./program.ts";
import { version } from "./version.ts";

const HELP = `
Examples:
  kubectl nvipam pools
  kubectl nvipam who 192.168.0.11
  kubectl nvipam doctor
`;

/** The plugin's command line, without the executable's name. */
export async function runKubectlPlugin(args: readonly string[]): Promise<void> {
  const program = createProgram(
    "kubectl-nvipam",
    "Shows which node and pod has which part of every IPPool and CIDRPool.",
  )
    .usage("[command] [options]")
    .option("--version", "print the version and end");
  registerKubectlCommands(program, { terminal: processTerminal(), connect });
  program.addHelpText("after", HELP).action(() => {
    refuseArguments(program);
    if (program.opts<{ version?: boolean }>().version) console.log(`kubectl-nvipam ${version}`);
    else program.help();
  });
  addAskedCommand(program, {
    print: (text) => process.stdout.write(text),
    names: (request) => completeNames(request, connect),
  });
  await runProgram(program, args);
}

/** What kubectl runs as kubectl_complete-nvipam to complete a command line: its words so far, the last one unfinished. */
export async function completeKubectlPlugin(words: readonly string[]): Promise<void> {
  await runKubectlPlugin(["__complete", "--", ...words]);
}

async function connect(options: ConnectOptions): Promise<Session> {
  const cluster = await openCluster(options, quiet());
  return { api: cluster, exec: kubectlExec(options), close: () => cluster.close() };
}

/** What the connection logs of itself is for daemons; what fails is told by the command. */
function quiet() {
  return createLineLogger({ format: "text", verbosity: 0, name: "kubectl-nvipam", write: () => undefined });
}
