// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin as one plain script, for macOS and Windows: TypeScript → JavaScript (esbuild), nothing native.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

export type KubectlBuild = {
  /** Where "kubectl-nvipam.js" goes. */
  readonly outDir: string;
  readonly log: (line: string) => void;
};

const root = resolve(import.meta.dirname, "..");

// Neither ES module nor CommonJS, so that it runs under any name and in any directory: without ".js" too, as kubectl wants
// its plugins on macOS. It needs Node's own modules only, which both can have.
const BANNER = `#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The plugin nvipam of kubectl. Needs Node 22 or newer.
// macOS: install this file, executable, as "kubectl-nvipam" in a directory of PATH; for completion also as
//   "kubectl_complete-nvipam".
// Windows: put it into a directory of PATH with a file kubectl-nvipam.cmd that says: @node "%~dp0kubectl-nvipam.js" %*
var require = typeof require === "function" ? require : process.getBuiltinModule;`;

/** Builds the script unless it is there, made of the same sources. */
export async function buildKubectl({ outDir, log }: KubectlBuild): Promise<void> {
  const script = join(outDir, "kubectl-nvipam.js");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["cmd/kubectl-main.ts"],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node22",
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    treeShaking: true,
    banner: { js: BANNER },
    logLevel: "warning",
  });
  const text = outputFiles[0]!.text;
  if (existsSync(script) && readFileSync(script, "utf8") === text) {
    log(`${script}: up to date`);
    return;
  }
  mkdirSync(outDir, { recursive: true });
  const fresh = join(outDir, `.kubectl-nvipam.${process.pid}`);
  writeFileSync(fresh, text);
  chmodSync(fresh, 0o755);
  renameSync(fresh, script);
  log(`${script}: built, ${(text.length / 1e3).toFixed(0)} kB`);
}
