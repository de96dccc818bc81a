// SPDX-License-Identifier: Apache-2.0
import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { causeText, isDamage, isLocked } from "./store-failure.ts";
import { findForeignContent } from "./store-header.ts";
import { isHeld } from "./store-lock.ts";
import { findSchemaProblem, migrate } from "./store-migrate.ts";

export type OpenOptions = {
  /** "normal" leaves commits of the last moments to a power cut: for measurements only. */
  readonly synchronous?: "full" | "normal";
};

/** `fault`: the file is there and stays as it is, but this program cannot work on it. */
export type OpenOutcome =
  | { readonly status: "ok"; readonly db: DatabaseSync }
  | { readonly status: "locked"; readonly message: string }
  | { readonly status: "fault"; readonly message: string };

/** How long to wait for a lock: bridges a debug command that looks whether a daemon runs. */
const LOCK_WAIT_MS = 200;

const OWNER_ONLY = 0o600;

const LOCKED: OpenOutcome = { status: "locked", message: "store lock is held by a different process" };

/**
 * Opens or creates the store and takes its lock for good. The lock is a POSIX lock, which the process loses when it closes
 * ANY descriptor of the file: nothing else in this process may open `path` while the database is open.
 * Throws where a restart or an administrator is needed: no permission, no directory, a disk that fails.
 */
export function openStore(path: string, options: OpenOptions = {}): OpenOutcome {
  prepareFile(path);
  if (isHeld(path, LOCK_WAIT_MS)) return LOCKED;
  const foreign = findForeignContent(path);
  if (foreign !== undefined) return fault(path, foreign);
  const db = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA temp_store = MEMORY"); // the root file system is read-only
    db.exec("PRAGMA trusted_schema = OFF");
    const problem = findProblem(db);
    if (problem !== undefined) {
      db.close();
      return fault(path, problem);
    }
    db.exec("PRAGMA journal_mode = WAL"); // not before it is known that the file is ours: it changes the header
    db.exec(`PRAGMA synchronous = ${options.synchronous ?? "full"}`);
    migrate(db);
    for (const file of [path, `${path}-wal`]) if (existsSync(file)) chmodSync(file, OWNER_ONLY);
    return { status: "ok", db };
  } catch (error) {
    db.close();
    if (isLocked(error)) return LOCKED;
    if (isDamage(error)) return fault(path, `is damaged (${causeText(error)})`);
    throw new Error(`failed to open store ${path}: ${causeText(error)}`, { cause: error });
  }
}

/** Why the open database must not be used; undefined when nothing is wrong. */
export function findProblem(db: DatabaseSync): string | undefined {
  const problem = findSchemaProblem(db);
  if (problem !== undefined) return problem;
  // The full check: quick_check does not see a reservation that its second index lacks. 0.1 s for 60,000 of them.
  const [row] = db.prepare("PRAGMA integrity_check(1)").all();
  const found = Object.values(row ?? {})[0];
  return found === "ok" ? undefined : `is damaged (${found})`;
}

/** A start that moved a damaged store aside would give its addresses twice, so the way out is a person's. */
export function faultMessage(path: string, problem: string): string {
  return `store ${path} ${problem}; it stays untouched and no address is given until it is repaired, or ipam-node is stopped and ${path} and ${path}-wal are moved away`;
}

function fault(path: string, problem: string): OpenOutcome {
  return { status: "fault", message: faultMessage(path, problem) };
}

/** Creates the file when there is none, so that it never has another mode, and fails where SQLite would not say why. */
function prepareFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) {
    if (!stat.isFile()) throw new Error(`store ${path} is not a regular file`);
    checkWritable(path);
    return;
  }
  if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined)
    throw new Error(`directory of store ${path} does not exist`);
  closeSync(openSync(path, "a", OWNER_ONLY));
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
