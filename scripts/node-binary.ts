// SPDX-License-Identifier: Apache-2.0
// The Node that goes into the executables, for each architecture.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
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

/** Fetches and unpacks the package into `work`; throws when it is not the one that is pinned. */
function fetchPackage(pin: Pin, work: string): void {
  const version = process.versions.node;
  run("npm", ["pack", "--silent", `${pin.package}@${version}`], work);
  const archive = join(work, `${pin.package}-${version}.tgz`);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (integrity !== pin.integrity) {
    throw new Error(
      `${pin.package}@${version} is not what is pinned: ${integrity}, expected ${pin.integrity}`,
    );
  }
  run("tar", ["-xzf", archive, "package/bin/node"], work);
}

/** This machine's. */
export const nativeArch: Architecture = process.arch === "arm64" ? "arm64" : "amd64";

/** The Node executable of this very version for the architecture; another machine's is fetched once, into the cache. */
export function findNodeBinary(arch: Architecture, log: (line: string) => void): string {
  if (arch === nativeArch) return process.execPath;
  const dir = join(cache, `node-${process.versions.node}-${arch}`);
  const binary = join(dir, "node");
  if (existsSync(binary)) return binary;
  log(`fetching Node ${process.versions.node} for ${arch}`);
  mkdirSync(dir, { recursive: true });
  const work = mkdtempSync(join(dir, "fetch-"));
  try {
    fetchPackage(findPin(arch), work);
    renameSync(join(work, "package/bin/node"), binary); // in one step: a cache never holds half a file
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return binary;
}
