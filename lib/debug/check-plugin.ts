// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../log/printable.ts";
import { PLUGIN_FILE } from "../node/installer.ts";
import type { CheckFinding } from "./check-finding.ts";
import { isOlder, readPluginVersion } from "./plugin-version.ts";

export type PluginFiles = {
  readonly binDir: string;
  /** What the daemon installs. */
  readonly source: string;
  /** Whether the user named it: inside the daemon's image it lies at its standard place, on a host it may not. */
  readonly isSourceNamed: boolean;
};

const AGAIN = "start ipam-node again, which installs the plugin, or copy it there";
const ELSEWHERE = "if it is installed elsewhere, name that directory by --cni-bin-dir";

const error = (message: string, fix: string): CheckFinding[] => [
  { check: "plugin", severity: "error", message, fix },
];

/** Whether container runtimes find the plugin, and the one that belongs to the daemon. */
export function checkPlugin({ binDir, source, isSourceNamed }: PluginFiles): CheckFinding[] {
  const path = join(binDir, PLUGIN_FILE);
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined)
      return error(`the plugin ${path} is missing: no pod can get an address`, `${AGAIN}; ${ELSEWHERE}`);
    if (!found.isFile()) return error(`the plugin ${path} is no file`, `move it away, then ${AGAIN}`);
    if ((found.mode & 0o111) === 0) return error(`the plugin ${path} is not executable`, `chmod 755 ${path}`);
    const origin = statSync(source, { throwIfNoEntry: false });
    if (origin === undefined) {
      if (!isSourceNamed) return [];
      return error(`there is no plugin ${source} to install`, "correct --cni-nv-ipam-bin-file");
    }
    if (origin.size === found.size && readFileSync(source).equals(readFileSync(path))) return [];
    return [{ check: "plugin", severity: "warning", message: describeOther(path, source), fix: AGAIN }];
  } catch (failure) {
    return error(`cannot look at the plugin ${path}: ${describeError(failure)}`, "run this as root");
  }
}

function describeOther(path: string, source: string): string {
  const [installed, own] = [path, source].map(readPluginVersion);
  const other = `the plugin ${path} is not the one of this daemon, ${source}`;
  if (installed === undefined || own === undefined || installed === own) return other;
  const age = isOlder(installed, own) ? "older" : "newer";
  return `the plugin ${path} is version ${installed}, ${age} than this daemon's, ${own}`;
}
