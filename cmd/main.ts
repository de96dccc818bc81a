// SPDX-License-Identifier: Apache-2.0
// One file for both executables: under the name ipam-controller (a link to it) it is the controller.
import { basename } from "node:path";
import { runController } from "./ipam-controller.ts";
import { runNode } from "./ipam-node.ts";

const run = basename(process.argv0) === "ipam-controller" ? runController : runNode;
await run(process.argv.slice(2));
