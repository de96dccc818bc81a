// SPDX-License-Identifier: Apache-2.0
// What the system refuses while a command looks for a daemon and its store, and the way out.
import { accessSync, constants, statSync } from "node:fs";
import { describeError } from "../log/printable.ts";

const AS_ROOT = "run this as root on the daemon's host";

/**
 * Throws unless a file that this user may read, or nothing, lies at a store's path. SQLite itself waits for a FIFO, calls a
 * directory an I/O error, and does not say what it was refused.
 */
export function requireReadable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw new Error("it is not a regular file");
  accessSync(path, constants.R_OK);
}

/** What to do about an error; undefined: it is not about permission. */
export function wayOut(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  return code === "EACCES" || code === "EPERM" ? AS_ROOT : wayOut(error.cause);
}

/** The error with its way out, where there is one. */
export function withWayOut(error: unknown): unknown {
  const fix = wayOut(error);
  return fix === undefined ? error : new Error(`${describeError(error)}: ${fix}`);
}
