// SPDX-License-Identifier: Apache-2.0
// The Go daemon's store becomes this daemon's: the first start on a node that a Go daemon has served.
import { closeSync, openSync, readFileSync, readSync, realpathSync, renameSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { causeText } from "../rpc/error.ts";
import { countReservations, type GoStore } from "./go-store.ts";
import { GoStoreError } from "./go-store-error.ts";
import { GO_STORE_MAX_BYTES, type GoStoreReading, parseGoStore } from "./go-store-read.ts";
import { isFlocked } from "./import-flock.ts";
import { clearCompanions, discard, removeUnfinished, swapFiles, syncPath } from "./import-swap.ts";
import { OWNER_ONLY } from "./replace-file.ts";
import { insertGoStore } from "./store-go-rows.ts";
import { withImportLock } from "./store-import-lock.ts";
import { migrate } from "./store-migrate.ts";
import type { StoreProblem } from "./store-problem.ts";

/** What an import has brought over. */
export type ImportReport = {
  readonly pools: number;
  readonly reservations: number;
  /** Left out: their owners had released them, only the address was kept resting. */
  readonly released: number;
  /** Where the Go daemon's file is now. */
  readonly keptAs: string;
};

export type ImportOutcome =
  | { readonly status: "imported"; readonly report: ImportReport }
  /** Another process has done it meanwhile. */
  | { readonly status: "none" }
  | { readonly status: "locked" }
  /** The file cannot be relied on and is untouched; the message names it and the way out. */
  | { readonly status: "fault"; readonly message: string };

/** Whether the file is a Go daemon's store by its first byte. Not to be asked while this process has the store. */
export function isGoStore(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const first = Buffer.alloc(1);
  const fd = openSync(path, "r");
  try {
    return readSync(fd, first, 0, 1, 0) === 1 && first.toString() === "{";
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces the Go daemon's store at `path` by a database that holds all of it. Until the last step, one rename, the file
 * is as it was: killed at any point, the next start does it again. Throws an Error where the system refuses (no space).
 */
export function importGoStore(path: string): ImportOutcome {
  const real = realpathSync(path); // a link to the store stays one
  try {
    return withImportLock(real, () => importLocked(real)) ?? { status: "locked" };
  } catch (error) {
    throw new Error(`failed to import store ${path} of the Go daemon: ${causeText(error)}`, { cause: error });
  }
}

/** Why the Go daemon's store at `path` cannot be relied on, or what it holds. Throws the system's error. */
export function readGoStoreFile(path: string): GoStoreReading | { readonly problem: string } {
  try {
    const { size } = statSync(path);
    if (size > GO_STORE_MAX_BYTES)
      throw new GoStoreError(`has ${size} bytes, more than the ${GO_STORE_MAX_BYTES} that are read`);
    return parseGoStore(readFileSync(path));
  } catch (error) {
    if (!(error instanceof GoStoreError)) throw error;
    return { problem: `is a store of the Go daemon that ${error.message}` };
  }
}

/** Turns a private copy of the Go daemon's store into a database, for looking; a problem where it cannot be relied on. */
export function convertGoStore(copy: string): StoreProblem | undefined {
  const reading = readGoStoreFile(copy);
  if ("problem" in reading) return { text: reading.problem, isDamage: false };
  const replacement = `${copy}.import`;
  buildStore(replacement, reading.store);
  clearCompanions(copy);
  renameSync(replacement, copy);
  return undefined;
}

/** Writes a new database with the store's content to `path`; it is complete and on the disk when this returns. */
function buildStore(path: string, store: GoStore): void {
  removeUnfinished(path);
  closeSync(openSync(path, "wx", OWNER_ONLY));
  const db = new DatabaseSync(path);
  try {
    // What is half written counts for nothing, so only the end waits for the disk.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = OFF");
    migrate(db);
    insertGoStore(db, store);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
  syncPath(path);
}

function importLocked(path: string): ImportOutcome {
  if (!isGoStore(path)) return { status: "none" };
  if (isFlocked(path)) return { status: "locked" };
  const reading = readGoStoreFile(path);
  if ("problem" in reading) return { status: "fault", message: faultMessage(path, reading.problem) };
  const { store, released } = reading;
  const replacement = `${path}.import`;
  try {
    buildStore(replacement, store);
    clearCompanions(path);
    const keptAs = swapFiles({ path, replacement, kind: "go" });
    const report = { pools: store.pools.length, reservations: countReservations(store), released, keptAs };
    return { status: "imported", report };
  } catch (error) {
    discard(replacement);
    throw error;
  }
}

/** Nobody but a person can tell which addresses the pods of the node have, so nothing is done on its own. */
function faultMessage(path: string, problem: string): string {
  return `store ${path} ${problem}; it stays untouched and no address is given until a whole copy of it is put in its place and ipam-node restarted, or ipam-node is stopped and, once no pod on the node has an address of its own from a pool any more, ${path} and ${path}-wal are moved away`;
}
