// SPDX-License-Identifier: Apache-2.0
// The plugin's executable: TypeScript → one script (esbuild) → bytecode (QuickJS) → static executable (C compiler).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";

export type Architecture = "amd64" | "arm64";

export type PluginOptions = {
  readonly arch: Architecture;
  /** Where the executable "nv-ipam" goes. */
  readonly outDir: string;
  readonly log: (line: string) => void;
};

/** What the bytecode and the executable are made of. */
type Inputs = { readonly script: string; readonly hash: string };

const ROOT = resolve(import.meta.dirname, "..");
const NATIVE: Architecture = process.arch === "arm64" ? "arm64" : "amd64";
const HOST = ["host", "host-engine", "host-memory", "host-reason", "host-socket"].map((name) =>
  join(ROOT, "lib", "cni", `${name}.c`),
);
const HOST_HEADER = join(ROOT, "lib/cni/host.h");
const BYTECODE = join(ROOT, "scripts/bytecode.c");
/** static-pie: nothing to load at start, and the address space is still randomized. */
const FLAGS = [
  ..."-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wno-unused-parameter -fstack-protector-strong".split(" "),
  ..."-static-pie -fPIE -s -ffunction-sections -Wl,--gc-sections -Wl,-z,relro,-z,now".split(" "),
  ..."-nostdinc -nostdlib -nostartfiles".split(" "), // musl's and the compiler's are named one by one
];
/** What compilers and directories of libraries are called by. */
export const GNU_NAMES: Readonly<Record<Architecture, string>> = {
  amd64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};

/** Builds the executable unless it is there, made of the same inputs. Its path; throws Error that says what is missing. */
export async function buildPlugin({ arch, outDir, log }: PluginOptions): Promise<string> {
  const executable = join(outDir, "nv-ipam");
  const stamp = join(outDir, ".nv-ipam.inputs");
  const inputs = await gatherInputs(arch);
  if (`${inputs.hash} ${hashFile(executable)}` === readText(stamp)) {
    log(`${executable}: up to date`);
    return executable;
  }
  mkdirSync(outDir, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "nv-ipam-build-"));
  try {
    compile(inputs.script, arch, work);
    // In the same directory first: the name changes at once, and an old one that runs goes on.
    const fresh = join(outDir, `.nv-ipam.${process.pid}`);
    writeFileSync(fresh, readFileSync(join(work, "nv-ipam")));
    chmodSync(fresh, 0o755);
    renameSync(fresh, executable);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  writeFileSync(stamp, `${inputs.hash} ${hashFile(executable)}`);
  log(`${executable}: built for ${arch}, ${(readFileSync(executable).length / 1e6).toFixed(2)} MB`);
  return executable;
}

async function gatherInputs(arch: Architecture): Promise<Inputs> {
  const script = await bundle();
  const parts = [fetchPart("quickjs", arch), fetchPart("musl", arch)] as const;
  const hash = createHash("sha256");
  for (const part of [script, FLAGS.join(" "), ...parts, fetchPart("quickjs", NATIVE)])
    hash.update(part).update("\0");
  const archives = [join(parts[0], "libquickjs.a"), join(parts[1], "lib", "libc.a")];
  for (const file of [...HOST, HOST_HEADER, BYTECODE, ...archives]) hash.update(readFileSync(file));
  hash.update(run(findCompiler(arch), ["--version"]));
  return { script, hash: hash.digest("hex") };
}

function compile(script: string, arch: Architecture, work: string): void {
  const [source, bytecode, translator] = ["plugin.js", "plugin.c", "bytecode"].map((name) =>
    join(work, name),
  ) as [string, string, string];
  writeFileSync(source, script);
  // The translator runs here and now: with whatever C library the machine has.
  const engine = fetchPart("quickjs", NATIVE);
  const linkage = ["-isystem", engine, "-o", translator, BYTECODE, join(engine, "libquickjs.a"), "-lm"];
  run(findCompiler(NATIVE), ["-O1", ...linkage]);
  run(translator, [source, bytecode]);
  linkPlugin(arch, join(work, "nv-ipam"), [...HOST, bytecode]);
}

/** Compiles C sources and links them with the engine and musl, as the plugin is; `sources` may hold options too. */
export function linkPlugin(arch: Architecture, output: string, sources: readonly string[]): void {
  const compiler = findCompiler(arch);
  const ask = (question: string) => run(compiler, [question]).trim();
  const [engine, libc] = [fetchPart("quickjs", arch), fetchPart("musl", arch)];
  const headers = [join(libc, "include"), ask("-print-file-name=include"), engine];
  const inLibc = (name: string) => join(libc, "lib", name);
  run(compiler, [
    ...FLAGS,
    ...headers.flatMap((directory) => ["-isystem", directory]),
    ...["-o", output, inLibc("rcrt1.o"), inLibc("crti.o"), ...sources, join(engine, "libquickjs.a")],
    // The two need each other.
    ...["-Wl,--start-group", inLibc("libc.a"), ask("-print-libgcc-file-name"), "-Wl,--end-group"],
    inLibc("crtn.o"),
  ]);
}

async function bundle(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["cmd/nv-ipam.ts"],
    bundle: true,
    write: false,
    // No function around it: QuickJS makes closures of hundreds of variables slowly. So it says itself that it is strict.
    format: "esm",
    banner: { js: '"use strict";' },
    platform: "neutral",
    target: "es2023",
    minify: true,
    treeShaking: true,
    define: { NV_IPAM_VERSION: JSON.stringify(version) },
    logLevel: "warning",
  });
  return outputFiles[0]!.text;
}

/** The C compiler's name; throws Error that says what is missing. */
function findCompiler(arch: Architecture): string {
  const gnu = GNU_NAMES[arch];
  const [compiler, packages] =
    arch === NATIVE ? ["gcc", "gcc libc6-dev"] : [`${gnu}-gcc`, `gcc-${gnu.replace("_", "-")}`];
  if (spawnSync(compiler, ["--version"]).error !== undefined)
    throw new Error(`${compiler} is missing: apt-get install ${packages}`);
  return compiler;
}

/** The directory of quickjs.h and libquickjs.a, or of musl's include and lib. */
export function fetchPart(part: "quickjs" | "musl", arch: Architecture): string {
  return run(join(ROOT, "scripts/fetch-part"), [part, arch]).trim();
}

/** stdout of a program; throws Error with what it said when it fails. */
function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not built yet
  }
}

function hashFile(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return "absent";
  }
}
