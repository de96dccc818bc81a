// SPDX-License-Identifier: Apache-2.0
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isLocked } from "./store-failure.ts";

/**
 * Runs `work` while no other process replaces the file at `path`; undefined when another one is at it. A file of JSON
 * cannot carry SQLite's lock, so the lock lies beside it; it goes with the process, however that ends.
 */
export function withImportLock<T>(path: string, work: () => T): T | undefined {
  const db = new DatabaseSync(lockOf(path), { timeout: 0 });
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (isLocked(error)) return undefined;
    throw error;
  }
  try {
    return work();
  } finally {
    // Whoever has opened it already and gets it now finds nothing left to replace.
    removeImportLock(path);
    db.close();
  }
}

/** For one that a killed process has left. To be called by whoever has the database at `path` locked. */
export function removeImportLock(path: string): void {
  rmSync(lockOf(path), { force: true });
}

const lockOf = (path: string): string => `${path}.import-lock`;
