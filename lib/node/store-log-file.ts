// SPDX-License-Identifier: Apache-2.0
// The log's file has its whole size from the start and keeps it. Commits then overwrite what is there: they work when the
// disk is full, so that DEL works when the kubelet evicts pods for it, and a sync has no new size to write (a third less
// time for each commit on ext4).
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { BLANK } from "./store-log.ts";

/** Twice the 1000 frames after which SQLite moves the log into the database: a batch may come on top of them. */
export const LOG_BYTES = 2100 * (4096 + 24);

const CHUNK = Buffer.alloc(1 << 20);

export const logOf = (path: string): string => `${path}-wal`;
export const spareLogOf = (path: string): string => `${path}-wal-spare`;

/**
 * Takes the log file that an orderly end left, its content blanked, so that the space is this store's also when the disk
 * has become full since. To be called before the database is opened. Without such a file nothing happens. Nor where there
 * is a log: the end was no orderly one, and an end that was killed between keepSpareLog and the closing of the database
 * leaves one file with both names, whose content is what was committed last.
 */
export function takeSpareLog(path: string): void {
  const blank = `${spareLogOf(path)}-blank`;
  rmSync(blank, { force: true });
  if (existsSync(logOf(path))) {
    rmSync(spareLogOf(path), { force: true });
    return;
  }
  try {
    renameSync(spareLogOf(path), blank); // of two daemons that start at once only one gets it
    overwrite(blank);
    linkSync(blank, logOf(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    rmSync(blank, { force: true });
  }
}

/** Makes the log's file as large as it will ever be; false: the disk is too full for that. The store is open. */
export function extendLog(path: string): boolean {
  const fd = openSync(logOf(path), "r+");
  try {
    let at = fstatSync(fd).size;
    while (at < LOG_BYTES) at += writeSync(fd, CHUNK, 0, Math.min(CHUNK.length, LOG_BYTES - at), at);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Keeps the log's file for the next start under a second name: SQLite removes the first one when the database is closed. */
export function keepSpareLog(path: string): void {
  rmSync(spareLogOf(path), { force: true });
  linkSync(logOf(path), spareLogOf(path));
}

/** Makes the log an empty one; only its first bytes, so that no start has 8 MB to write. */
function overwrite(log: string): void {
  const fd = openSync(log, "r+");
  try {
    writeSync(fd, BLANK, 0, BLANK.length, 0);
    fdatasyncSync(fd); // before it has the log's name: a power cut must not bring the old content back
  } finally {
    closeSync(fd);
  }
}
