// SPDX-License-Identifier: Apache-2.0
// The Node that goes into the executables, for each architecture, and its licence.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Architecture } from "./build-plugin.ts";
import pins from "./node-binaries.json" with { type: "json" };

type Pin = { readonly package: string; readonly integrity: string };

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "nv-ipam");

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`${command} cannot be run`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr.trim()}`);
}

function findPin(arch: Architecture): Pin {
  const byVersion: Readonly<Record<string, Readonly<Record<Architecture, Pin>>>> = pins;
  const pin = byVersion[process.versions.node]?.[arch];
  if (pin !== undefined) return pin;
  throw new Error(
    `scripts/node-binaries.json knows no Node ${process.versions.node} for ${arch}: add its package and the output of ` +
      "npm view PACKAGE@VERSION dist.integrity",
  );
}

/** Fetches the package and unpacks its file into `work`; throws when it is not the one that is pinned. */
function fetchPackage(pin: Pin, file: string, work: string): void {
  const version = process.versions.node;
  run("npm", ["pack", "--silent", `${pin.package}@${version}`], work);
  const archive = join(work, `${pin.package}-${version}.tgz`);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (integrity !== pin.integrity) {
    throw new Error(
      `${pin.package}@${version} is not what is pinned: ${integrity}, expected ${pin.integrity}`,
    );
  }
  run("tar", ["-xzf", archive, `package/${file}`], work);
}

/** This machine's. */
export const nativeArch: Architecture = process.arch === "arm64" ? "arm64" : "amd64";

type Fetch = { readonly arch: Architecture; readonly file: string; readonly keptAs: string };

/** A file of Node's package, fetched once, into the cache. */
function fetchOnce({ arch, file, keptAs }: Fetch, announce: () => void): string {
  const kept = join(cache, keptAs);
  if (existsSync(kept)) return kept;
  announce();
  mkdirSync(dirname(kept), { recursive: true });
  const work = mkdtempSync(join(dirname(kept), "fetch-"));
  try {
    fetchPackage(findPin(arch), file, work);
    renameSync(join(work, "package", file), kept); // in one step: a cache never holds half a file
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

/** The Node executable of this very version for the architecture; another machine's is fetched once, into the cache. */
export function findNodeBinary(arch: Architecture, log: (line: string) => void): string {
  if (arch === nativeArch) return process.execPath;
  const { node: version } = process.versions;
  return fetchOnce({ arch, file: "bin/node", keptAs: join(`node-${version}-${arch}`, "node") }, () =>
    log(`fetching Node ${version} for ${arch}`),
  );
}

/** The file with Node's licence and those of all that is compiled into it; fetched once, into the cache. */
export function findNodeLicence(log: (line: string) => void): string {
  const { node: version } = process.versions;
  return fetchOnce(
    { arch: nativeArch, file: "LICENSE", keptAs: join(`node-${version}-licence`, "LICENSE") },
    () => log(`fetching the licences of Node ${version} (its package, 57 MB, once)`),
  );
}
