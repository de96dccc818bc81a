// SPDX-License-Identifier: Apache-2.0
// One file for all executables: what it does depends on the name that it was started by (links to it).
import { basename } from "node:path";
import { runController } from "./ipam-controller.ts";
import { runNode } from "./ipam-node.ts";

type Run = (args: readonly string[]) => Promise<void>;

// The plugin of kubectl is loaded by its name only: the daemon needs none of it.
const RUNS: Readonly<Record<string, Run>> = {
  "ipam-controller": runController,
  "kubectl-nvipam": async (args) => (await import("./kubectl-nvipam.ts")).runKubectlPlugin(args),
  "kubectl_complete-nvipam": async (args) =>
    (await import("./kubectl-nvipam.ts")).completeKubectlPlugin(args),
};

const run = RUNS[basename(process.argv0)] ?? runNode;
await run(process.argv.slice(2));
