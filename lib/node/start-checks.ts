// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Installation } from "./installer.ts";

export type CheckedSettings = {
  readonly nodeName: string;
  readonly storeFile: string;
  readonly installation: Installation;
  readonly poolsDir?: string;
};

/** Why the path is no directory to work in; undefined when it is one. */
function directoryProblem(flag: string, path: string): string | undefined {
  const fix = `make it (in a container: mount it), or name another by --${flag}`;
  try {
    return statSync(path).isDirectory() ? undefined : `${path} is not a directory`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? `directory ${path} does not exist: ${fix}`
      : `cannot look into ${path} (${code})`;
  }
}

/** Only who may never write there is told here: a file system that is read-only may be so for a while. */
function storeProblem(file: string): string | undefined {
  try {
    accessSync(parent(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") return undefined;
    return `store-file: this user may not write into ${parent(file)}: run ipam-node as root, or name another place by --store-file`;
  }
  return undefined;
}

const parent = (file: string): string => dirname(resolve(file));

type Place = readonly [flag: string, path: string | undefined];

function firstProblem(places: readonly Place[]): string | undefined {
  for (const [flag, path] of places) {
    const problem = path === undefined ? undefined : directoryProblem(flag, path);
    if (problem !== undefined) return `${flag}: ${problem}`;
  }
  return undefined;
}

function timeoutProblem({ config }: Installation): string | undefined {
  const timeout = config?.settings.daemonCallTimeoutSeconds;
  if (timeout === undefined || timeout > 0) return undefined;
  return `cni-daemon-call-timeout: ${timeout} is not more than 0 seconds`;
}

/**
 * The first thing that keeps the daemon from starting with these settings, without the "invalid config: " before it;
 * undefined when all is well. What the installation skips is not looked at.
 */
export function findConfigProblem(settings: CheckedSettings): string | undefined {
  if (settings.nodeName === "") return "node-name is required parameter";
  const { binary, config } = settings.installation;
  return (
    timeoutProblem(settings.installation) ??
    firstProblem([
      ["store-file", parent(settings.storeFile)],
      ["cni-nv-ipam-bin-file", binary && parent(binary.source)],
      ["cni-log-file", config && parent(config.settings.logFile)],
      ["cni-bin-dir", binary?.dir],
      ["cni-conf-dir", config?.dir],
      ["pools-dir", settings.poolsDir],
    ]) ??
    storeProblem(settings.storeFile)
  );
}

/**
 * The same for the installation alone. The directory of the plugin's log is not looked at: the plugin writes it on the
 * host, and whoever only installs may be in a container that does not see it.
 */
export function findInstallationProblem(installation: Installation): string | undefined {
  const { binary, config } = installation;
  return (
    timeoutProblem(installation) ??
    firstProblem([
      ["cni-nv-ipam-bin-file", binary && parent(binary.source)],
      ["cni-bin-dir", binary?.dir],
      ["cni-conf-dir", config?.dir],
    ])
  );
}
