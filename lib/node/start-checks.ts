// SPDX-License-Identifier: Apache-2.0
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Installation } from "./installer.ts";

export type CheckedSettings = {
  readonly nodeName: string;
  readonly storeFile: string;
  readonly installation: Installation;
  readonly poolsDir?: string;
};

/** Why the path is no directory to work in; undefined when it is one. */
function directoryProblem(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : `${path} is not a directory`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? `directory ${path} does not exist` : `cannot look into ${path} (${code})`;
  }
}

const parent = (file: string): string => dirname(resolve(file));

/**
 * The first thing that keeps the daemon from starting with these settings, without the "invalid config: " before it;
 * undefined when all is well. What the installation skips is not looked at.
 */
export function findConfigProblem(settings: CheckedSettings): string | undefined {
  if (settings.nodeName === "") return "node-name is required parameter";
  const { binary, config } = settings.installation;
  const timeout = config?.settings.daemonCallTimeoutSeconds;
  if (timeout !== undefined && timeout <= 0)
    return `cni-daemon-call-timeout: ${timeout} is not more than 0 seconds`;
  const directories: [flag: string, path: string | undefined][] = [
    ["store-file", parent(settings.storeFile)],
    ["cni-nv-ipam-bin-file", binary && parent(binary.source)],
    ["cni-log-file", config && parent(config.settings.logFile)],
    ["cni-bin-dir", binary?.dir],
    ["cni-conf-dir", config?.dir],
    ["pools-dir", settings.poolsDir],
  ];
  for (const [flag, path] of directories) {
    const problem = path === undefined ? undefined : directoryProblem(path);
    if (problem !== undefined) return `${flag}: ${problem}`;
  }
  return undefined;
}
