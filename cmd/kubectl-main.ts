// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin alone, for machines that have no Linux executable of ours but Node.
import { basename } from "node:path";
import { completeKubectlPlugin, runKubectlPlugin } from "./kubectl-nvipam.ts";

const isCompletion = /^kubectl_complete-nvipam(\.|$)/.test(basename(process.argv[1] ?? ""));
const run = isCompletion ? completeKubectlPlugin : runKubectlPlugin;
void run(process.argv.slice(2));
