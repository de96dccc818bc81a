// SPDX-License-Identifier: Apache-2.0
// Builds what changed of the executables; scripts/build calls it.
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildKubectl } from "./build-kubectl.ts";
import { buildNode } from "./build-node.ts";
import { type Architecture, buildPlugin } from "./build-plugin.ts";
import { nativeArch } from "./node-binary.ts";

const root = resolve(import.meta.dirname, "..");

function readArch(): Architecture {
  const { values } = parseArgs({ options: { arch: { type: "string", default: nativeArch } } });
  if (values.arch !== "amd64" && values.arch !== "arm64") {
    throw new Error(`--arch ${values.arch}: expected amd64 or arm64`);
  }
  return values.arch;
}

/** Runs a step and says how long it took after what it says itself. */
async function step(work: (log: (line: string) => void) => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work((line) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`build: ${line.replaceAll(`${root}/`, "")} (${seconds} s)`);
  });
}

try {
  const arch = readArch();
  const outDir = join(root, "dist", arch === nativeArch ? "" : arch);
  console.log(`build: ${relative(root, outDir)} for ${arch}`);
  await step((log) => buildPlugin({ arch, outDir, log }));
  await step((log) => buildNode({ arch, outDir, log }));
  await step((log) => buildKubectl({ outDir, log }));
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
