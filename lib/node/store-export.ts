// SPDX-License-Identifier: Apache-2.0
// The way back: this daemon's store becomes the Go daemon's.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { causeText } from "../rpc/error.ts";
import { countReservations } from "./go-store.ts";
import { formatGoStore } from "./go-store-write.ts";
import { clearCompanions, discard, swapFiles } from "./import-swap.ts";
import { OWNER_ONLY } from "./replace-file.ts";
import { readGoStore } from "./store-go-rows.ts";
import { isGoStore, readGoStoreFile } from "./store-import.ts";
import { withImportLock } from "./store-import-lock.ts";
import { logOf, spareLogOf } from "./store-log-file.ts";
import { openStore } from "./store-open.ts";
import { isRecoveryUnfinished } from "./store-recovered.ts";

export type ExportReport = {
  readonly pools: number;
  readonly reservations: number;
  /** Where the database is now. */
  readonly keptAs: string;
};

export type ExportOutcome =
  | { readonly status: "exported"; readonly report: ExportReport }
  /** There is nothing to do before a Go daemon starts; the message says why. */
  | { readonly status: "nothing"; readonly message: string }
  /** Everything is as it was. */
  | { readonly status: "refused"; readonly message: string };

/**
 * Replaces the database at `path` by a store file of the Go daemon with the same content. Until the last step, one rename,
 * the database is as it was: killed at any point, it can be done again; done twice, the second time finds nothing to do.
 * Throws an Error where the system refuses (no space).
 */
export function exportInPlace(path: string): ExportOutcome {
  // While a recovery is unfinished the place may be empty, and a Go daemon would begin anew there.
  if (isEmpty(path) && !isRecoveryUnfinished(path))
    return { status: "nothing", message: `there is nothing in store ${path}` };
  const real = existsSync(path) ? realpathSync(path) : path;
  return withImportLock(real, () => exportLocked(real)) ?? refuseHeld(path);
}

function exportLocked(path: string): ExportOutcome {
  if (isGoStore(path)) return confirmGoStore(path);
  const opened = openStore(path);
  if (opened.status === "locked") return refuseHeld(path);
  if (opened.status === "fault") return { status: "refused", message: opened.message };
  const { db } = opened;
  const replacement = `${path}.export`;
  try {
    const store = readGoStore(db);
    writeSynced(replacement, formatGoStore(store));
    // Everything into the one file that is kept. It stays locked, so no daemon has it until it is not in its place any more.
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const keptAs = swapFiles({ path, replacement, kind: "sqlite" });
    const report = { pools: store.pools.length, reservations: countReservations(store), keptAs };
    return { status: "exported", report };
  } catch (error) {
    discard(replacement);
    throw new Error(`failed to export store ${path}: ${causeText(error)}`, { cause: error });
  } finally {
    db.close();
    if (isGoStore(path)) clearUp(path);
  }
}

/** Done before, or never imported. */
function confirmGoStore(path: string): ExportOutcome {
  const reading = readGoStoreFile(path);
  if ("problem" in reading) return { status: "refused", message: `store ${path} ${reading.problem}` };
  clearUp(path);
  return { status: "nothing", message: `store ${path} is a store of the Go daemon already` };
}

/** What the database had beside it, empty now. */
function clearUp(path: string): void {
  rmSync(spareLogOf(path), { force: true });
  clearCompanions(path);
}

function refuseHeld(path: string): ExportOutcome {
  return { status: "refused", message: `store ${path} is in use by a daemon: stop it first` };
}

function isEmpty(path: string): boolean {
  const sizes = [path, logOf(path)].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.every((size) => size === 0);
}

function writeSynced(path: string, content: Buffer): void {
  rmSync(path, { force: true });
  const fd = openSync(path, "wx", OWNER_ONLY);
  try {
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
