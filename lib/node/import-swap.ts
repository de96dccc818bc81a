// SPDX-License-Identifier: Apache-2.0
// One store in another one's place, so that at no moment neither is there: the process may be killed between any two steps
// and begin again, and after a power cut the directory holds the one or the other.
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { logOf } from "./store-log-file.ts";

/** What SQLite keeps beside a database. */
const companionsOf = (path: string): string[] => [logOf(path), `${path}-journal`, `${path}-shm`];

export type Swap = {
  /** The file whose place it is. */
  readonly path: string;
  /** The file that goes there, complete and synced, in the same directory. */
  readonly replacement: string;
  /** The old one is kept as PATH.KIND-TIME. */
  readonly kind: "go" | "sqlite";
};

/** Returns the name under which the old file is kept. Throws the system's error, with the old file still in its place. */
export function swapFiles({ path, replacement, kind }: Swap): string {
  const kept = findOtherName(path, kind) ?? linkAside(path, kind);
  syncPath(dirname(path));
  renameSync(replacement, path);
  syncPath(dirname(path));
  return kept;
}

/** Puts the file's content, or the directory's names, on the disk. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** removeUnfinished after a failure: that is the error that counts, and the next attempt removes what is left. */
export function discard(path: string): void {
  try {
    removeUnfinished(path);
  } catch {
    // see above
  }
}

/** Removes a file that was never finished, with what SQLite has beside it. */
export function removeUnfinished(path: string): void {
  for (const file of [path, ...companionsOf(path)]) rmSync(file, { force: true });
}

/**
 * Clears away what an earlier database left beside the file: SQLite would take it for a part of the next one. What holds
 * anything gets another name. For a file that is no database and that nobody has open.
 */
export function clearCompanions(path: string): void {
  let cleared = false;
  for (const companion of companionsOf(path)) {
    const found = statSync(companion, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (found.size === 0 || companion.endsWith("-shm")) rmSync(companion);
    else renameSync(companion, `${companion}.found-${utcTime()}`);
    cleared = true;
  }
  if (cleared) syncPath(dirname(path));
}

/** The name that an attempt which was killed has given the file already. */
function findOtherName(path: string, kind: string): string | undefined {
  const isSame = (a: Stats, b: Stats | undefined) => a.ino === b?.ino && a.dev === b.dev;
  const file = statSync(path);
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(`${basename(path)}.${kind}-`))
    .map((name) => join(dirname(path), name))
    .find((other) => isSame(file, statSync(other, { throwIfNoEntry: false })));
}

function linkAside(path: string, kind: string): string {
  const kept = `${path}.${kind}-${utcTime()}`;
  linkSync(path, kept);
  return kept;
}

/** "20261121T023716.515Z": sorts by time, and is a file name everywhere. */
function utcTime(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, "");
}
