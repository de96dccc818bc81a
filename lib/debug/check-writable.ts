// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { describeError } from "../log/printable.ts";
import { logOf } from "../node/store-log-file.ts";
import type { CheckFinding } from "./check-finding.ts";
import { wayOut } from "./refusal.ts";

/** What a day of reservations and the database's own log need. */
const LEAST_FREE_BYTES = 16 * 2 ** 20;

/** Whether the daemon, as whose user this should run, can write the store. A store that is not there is no matter here. */
export function checkWritable(storeFile: string): CheckFinding[] {
  const directory = dirname(storeFile);
  if (!existsSync(directory)) return [];
  for (const path of [directory, storeFile, logOf(storeFile)]) {
    const refusal = findRefusal(path);
    if (refusal === undefined) continue;
    if (isAnothers(path) && wayOut(refusal) !== undefined)
      return finding(
        `cannot tell whether the daemon can write the store: ${describeError(refusal)}`,
        "run this as the daemon's user, which is root mostly",
      );
    return finding(
      `the store cannot be written: ${describeError(refusal)}: no pod gets an address, and none is released`,
      `make ${path} writable for the daemon (a hostPath mounted readOnly? a file system that went read-only?)`,
    );
  }
  return checkRoom(directory, storeFile);
}

function checkRoom(directory: string, storeFile: string): CheckFinding[] {
  try {
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize >= LEAST_FREE_BYTES) return [];
    const free = Math.floor((bavail * bsize) / 2 ** 20);
    return finding(`the file system of the store ${storeFile} has ${free} MiB left`, "make room on it");
  } catch (error) {
    return finding(`cannot tell how much room the store has: ${describeError(error)}`, "run this as root");
  }
}

/** Whether what this user may do there says nothing of what the daemon may. */
function isAnothers(path: string): boolean {
  const user = process.geteuid?.();
  return user !== 0 && statSync(path).uid !== user;
}

function findRefusal(path: string): Error | undefined {
  if (!existsSync(path)) return undefined;
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

function finding(message: string, fix: string): CheckFinding[] {
  return [{ check: "store", severity: "error", message, fix }];
}
