// SPDX-License-Identifier: Apache-2.0
// How a rebuilt store takes the place of a damaged one, so that a recovery that is broken off at any step can be finished
// and no daemon starts on half of it.
import { linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { syncPath } from "./import-swap.ts";
import { logOf, spareLogOf } from "./store-log-file.ts";

/** Where a rebuilt store waits, complete, until the damaged one is put aside. While it is there no daemon opens the store. */
export const recoveredPath = (path: string): string => `${path}-recovered`;

/** Whether a recovery was broken off after the new store was complete. */
export function isRecoveryUnfinished(path: string): boolean {
  return exists(recoveredPath(path));
}

/** The name under which a damaged store is kept, the same however often the recovery is finished. */
function asidePath(path: string): string {
  const made = statSync(recoveredPath(path)).mtime;
  return `${path}.damaged-${made.toISOString().replace(/[-:]|\.\d+/g, "")}`;
}

/**
 * Puts the store and its log aside under a dated name and the rebuilt one in its place; gives that name, or undefined
 * when there was nothing to put aside. Throws the system's error; then, and after a kill, it can be repeated.
 */
export function putInPlace(path: string): string | undefined {
  const aside = asidePath(path);
  if (isSameFile(path, recoveredPath(path))) {
    rmSync(recoveredPath(path)); // broken off after the last but one step
    return exists(aside) ? aside : undefined;
  }
  const moved = [
    move(logOf(path), logOf(aside)),
    move(`${path}-shm`, `${aside}-shm`),
    move(`${path}-journal`, `${aside}-journal`),
    move(path, aside),
  ].includes(true);
  rmSync(spareLogOf(path), { force: true });
  syncPath(dirname(path));
  // A link, not a rename: a store that somebody made there meanwhile is not to be lost.
  linkSync(recoveredPath(path), path);
  syncPath(dirname(path));
  rmSync(recoveredPath(path));
  syncPath(dirname(path));
  return moved || exists(aside) ? aside : undefined;
}

function move(from: string, to: string): boolean {
  if (!exists(from)) return false;
  if (exists(to)) throw new Error(`${from} is to become ${to}, which is there already: move it away`);
  renameSync(from, to);
  return true;
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
