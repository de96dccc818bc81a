// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

const TIMEOUT_MS = 5000;
const OTHERS_WRITE = 0o022;

/**
 * The version that a plugin says when it is started without a call; undefined when it says none. What another user could
 * have put there is not started.
 */
export function readPluginVersion(path: string): string | undefined {
  const { mode, uid } = statSync(path);
  const isTrusted = (mode & OTHERS_WRITE) === 0 && (uid === 0 || uid === process.geteuid?.());
  if (!isTrusted) return undefined;
  const { stderr, error } = spawnSync(path, [], { env: {}, timeout: TIMEOUT_MS, encoding: "utf8" });
  if (error !== undefined) return undefined;
  return /\bCNI plugin\D*(\d+(?:\.\d+)+\S*)/.exec(stderr)?.[1];
}

/** Whether version `a` came before `b`: "0.9.1" before "0.10.0", "1.0.0-rc1" before "1.0.0". */
export function isOlder(a: string, b: string): boolean {
  const [first, second] = [a, b].map((version) => version.split(/[-+]/, 1)[0]!.split(".").map(Number));
  for (const [i, number] of second!.entries()) {
    const difference = (first![i] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return a.includes("-") && !b.includes("-");
}
