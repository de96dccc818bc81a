// SPDX-License-Identifier: Apache-2.0
import { randomInt } from "node:crypto";
import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { causeText } from "../rpc/error.ts";
import { OWNER_ONLY } from "./replace-file.ts";
import { isDamage, isLocked, isSqliteError } from "./store-failure.ts";
import { type ImportReport, importGoStore, isGoStore } from "./store-import.ts";
import { removeImportLock } from "./store-import-lock.ts";
import { isHeld } from "./store-lock.ts";
import { logOf, takeSpareLog } from "./store-log-file.ts";
import { findFileProblem, findProblem } from "./store-look.ts";
import { migrate } from "./store-migrate.ts";
import { takeOver } from "./store-owner.ts";
import { damage, faultMessage } from "./store-problem.ts";
import { isRecoveryUnfinished } from "./store-recovered.ts";

export type OpenOptions = {
  /** "normal": a power cut may take the last commits, which have been answered. See docs/store.md. */
  readonly synchronous?: "full" | "normal";
  /** Whose store it is to be, see takeOver; absent: it stays whose it is. */
  readonly nodeName?: string;
};

/** Where the content of a store comes from, if not from this node's daemon. */
export type StoreOrigin = {
  /** What it was made of just now, a Go daemon's store. */
  readonly imported?: ImportReport;
  /** The node whose store it was: its shares are gone, its reservations are there. */
  readonly takenFrom?: string;
};

/** `fault`: the file is there and stays as it is, but this program cannot work on it. */
export type OpenOutcome =
  | ({ readonly status: "ok"; readonly db: DatabaseSync } & StoreOrigin)
  | { readonly status: "locked"; readonly message: string }
  | { readonly status: "fault"; readonly message: string };

/** How long to wait for a lock: bridges a debug command that looks whether a daemon runs. */
const LOCK_WAIT_MS = 200;

const LOCKED: OpenOutcome = { status: "locked", message: "store lock is held by a different process" };

/**
 * Opens or creates the store and takes its lock for good. The lock is a POSIX lock, which the process loses when it closes
 * ANY descriptor of the file: nothing else in this process may open `path` while the database is open.
 * Throws where a restart or an administrator is needed: no permission, no directory, a disk that fails.
 */
export function openStore(path: string, options: OpenOptions = {}): OpenOutcome {
  try {
    checkPlace(path);
    if (existsSync(path) && isHeld(path, LOCK_WAIT_MS)) return LOCKED;
    const imported = isGoStore(path) && !isRecoveryUnfinished(path) ? importGoStore(path) : undefined;
    if (imported?.status === "locked") return LOCKED;
    if (imported?.status === "fault") return imported;
    const problem = findFileProblem(path);
    if (problem !== undefined) return { status: "fault", message: faultMessage(path, problem) };
    if (!existsSync(path)) closeSync(openSync(path, "a", OWNER_ONLY)); // so that it never has another mode
    takeSpareLog(path);
    const opened = openDatabase(path, options);
    return opened.status === "ok" && imported?.status === "imported"
      ? { ...opened, imported: imported.report }
      : opened;
  } catch (error) {
    if (isLocked(error)) return LOCKED;
    if (isDamage(error)) return { status: "fault", message: faultMessage(path, damage(causeText(error))) };
    if (!isSqliteError(error)) throw error;
    throw new Error(`failed to open store ${path}: ${causeText(error)}`, { cause: error });
  }
}

function openDatabase(path: string, options: OpenOptions): OpenOutcome {
  const db = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA temp_store = MEMORY"); // the root file system is read-only
    db.exec("PRAGMA trusted_schema = OFF");
    const problem = findProblem(db);
    if (problem !== undefined) {
      db.close();
      return { status: "fault", message: faultMessage(path, problem) };
    }
    db.exec("PRAGMA journal_mode = WAL"); // not before it is known that the file is ours: it changes the header
    db.exec(`PRAGMA synchronous = ${options.synchronous ?? "full"}`);
    migrate(db);
    identify(db);
    removeImportLock(path);
    for (const file of [path, logOf(path)]) if (existsSync(file)) chmodSync(file, OWNER_ONLY);
    if (isRecoveryUnfinished(path)) throw new Error(`store ${path} is being recovered: try again later`);
    const takenFrom = options.nodeName === undefined ? undefined : takeOver(db, options.nodeName);
    return { status: "ok", db, ...(takenFrom !== undefined && { takenFrom }) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A number that no other store has, so that a log that comes from elsewhere is noticed. */
function identify(db: DatabaseSync): void {
  if (db.prepare("PRAGMA user_version").get()?.user_version !== 0) return;
  db.exec(`PRAGMA user_version = ${randomInt(1, 2 ** 31)}`);
}

/** Fails where SQLite would not say why. */
function checkPlace(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined)
      throw new Error(`directory of store ${path} does not exist`);
    return;
  }
  if (!stat.isFile()) throw new Error(`store ${path} is not a regular file`);
  checkWritable(path);
}

function checkWritable(path: string): void {
  for (const place of [path, dirname(path)]) {
    try {
      accessSync(place, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw new Error(`store ${path} cannot be written: ${causeText(error)}`, { cause: error });
    }
  }
}
