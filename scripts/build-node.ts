// SPDX-License-Identifier: Apache-2.0
// The executable of daemon, controller and debug commands: TypeScript → two scripts (esbuild) → one file (node --build-sea).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { Architecture } from "./build-plugin.ts";
import { findNodeBinary, nativeArch } from "./node-binary.ts";

export type NodeBuild = {
  readonly arch: Architecture;
  /** Where the executable "ipam-node" and the links to it go. */
  readonly outDir: string;
  readonly log: (line: string) => void;
};

const root = resolve(import.meta.dirname, "..");

/** Both threads' programs; the names are those of the assets. */
type Scripts = { readonly main: string; readonly "store-worker": string };

/**
 * Flags of Node and V8 that the executable always runs with: a small young generation, no helper threads, a heap that shrinks
 * when nothing happens and no second optimizer keep the memory of thousands of short connections down (docs/design.md has the
 * figures), and nothing opens an inspector.
 */
export const EXEC_ARGV: readonly string[] = [
  "--max-semi-space-size=1",
  "--single-threaded",
  "--optimize-for-size",
  "--no-opt",
  "--disable-sigusr1",
];

// CommonJS packages in the main program require() Node's own modules; the store thread's has none, and no place to
// require from: it is started from a data: URL.
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

function bundleWithReport(entry: string, banner: string) {
  return build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node26",
    // Names stay: they are what a stack trace in a bug report has.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200, // Node prints the whole line of an error that nobody caught
    treeShaking: true,
    banner: { js: banner },
    logLevel: "warning",
    metafile: true,
  });
}

async function bundle(entry: string, banner = ""): Promise<string> {
  const { outputFiles } = await bundleWithReport(entry, banner);
  return outputFiles[0]!.text;
}

const MAIN = "cmd/main.ts";
const STORE_WORKER = "lib/node/store-worker.ts";

/** The files that something of is in the executable, by their paths from the root of the repository. */
export async function listBundledFiles(): Promise<string[]> {
  const reports = [await bundleWithReport(MAIN, REQUIRE), await bundleWithReport(STORE_WORKER, "")];
  return reports
    .flatMap(({ metafile }) => Object.values(metafile.outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
}

function hashInputs(scripts: Scripts, arch: Architecture): string {
  const inputs = [process.versions.node, arch, ...EXEC_ARGV, ...Object.values(scripts)];
  const hash = createHash("sha256");
  for (const part of inputs) hash.update(part).update("\0");
  return hash.update(readFileSync(import.meta.filename)).digest("hex");
}

function run(command: string, args: readonly string[], cwd = root): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", cwd });
  if (error !== undefined) throw new Error(`${command} cannot be run`, { cause: error });
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim() || stdout.trim()}`);
}

/** Node without its symbol table, which is a fifth of it and of use to debuggers only. */
function strip(binary: string, arch: Architecture, output: string): void {
  const foreign = arch === "arm64" ? "aarch64-linux-gnu-strip" : "x86_64-linux-gnu-strip";
  run(arch === nativeArch ? "strip" : foreign, ["-o", output, binary]);
}

/** Lays scripts and Node into one file; `work` takes what is needed on the way. */
function assemble(scripts: Scripts, binary: string, work: string): string {
  const output = join(work, "ipam-node");
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(work, `${name}.mjs`), text);
  // Relative: the path goes into the file, which is the same wherever it is built.
  const config = {
    main: "main.mjs",
    mainFormat: "module",
    executable: binary,
    output,
    disableExperimentalSEAWarning: true,
    execArgv: EXEC_ARGV,
    execArgvExtension: "none",
    assets: { "store-worker": join(work, "store-worker.mjs") },
  };
  writeFileSync(join(work, "sea.json"), JSON.stringify(config));
  run(process.execPath, ["--build-sea", "sea.json"], work);
  return output;
}

const PIECE_BYTES = 1 << 16;

/**
 * As what unpacks an image writes it. Of a file that was written in one go Linux keeps pages of 2 MiB, and a process that runs
 * it then has 30 MB more resident, which nobody uses.
 */
function copyInPieces(from: string, to: string): void {
  const content = readFileSync(from);
  const fd = openSync(to, "wx", 0o755);
  try {
    for (let at = 0; at < content.length; )
      at += writeSync(fd, content, at, Math.min(PIECE_BYTES, content.length - at));
  } finally {
    closeSync(fd);
  }
}

function isUpToDate(executable: string, stamp: string, hash: string): boolean {
  if (!existsSync(executable) || !existsSync(stamp)) return false;
  return readFileSync(stamp, "utf8") === `${hash} ${statSync(executable).mtimeMs}`;
}

/** The names under which the executable is something else; cmd/main.ts knows them. */
const OTHER_NAMES = ["ipam-controller", "kubectl-nvipam", "kubectl_complete-nvipam"];

function linkOtherNames(outDir: string): void {
  for (const name of OTHER_NAMES) {
    const link = join(outDir, name);
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === "ipam-node")
      continue;
    rmSync(link, { force: true });
    symlinkSync("ipam-node", link);
  }
}

/** Builds the executable unless it is there, made of the same inputs. Throws an Error that says what is missing. */
export async function buildNode({ arch, outDir, log }: NodeBuild): Promise<string> {
  const executable = join(outDir, "ipam-node");
  const stamp = join(outDir, ".ipam-node.inputs");
  const scripts = {
    main: await bundle(MAIN, REQUIRE),
    "store-worker": await bundle(STORE_WORKER),
  };
  const hash = hashInputs(scripts, arch);
  if (isUpToDate(executable, stamp, hash)) {
    linkOtherNames(outDir);
    log(`${executable}: up to date`);
    return executable;
  }
  const node = findNodeBinary(arch, log);
  mkdirSync(outDir, { recursive: true });
  const work = mkdtempSync(join(outDir, ".ipam-node-"));
  try {
    strip(node, arch, join(work, "node"));
    const fresh = join(work, "fresh");
    copyInPieces(assemble(scripts, join(work, "node"), work), fresh);
    renameSync(fresh, executable); // an old one that runs goes on
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  linkOtherNames(outDir);
  const { size, mtimeMs } = statSync(executable);
  writeFileSync(stamp, `${hash} ${mtimeMs}`);
  log(`${executable}: built for ${arch}, ${(size / 1e6).toFixed(0)} MB`);
  return executable;
}
