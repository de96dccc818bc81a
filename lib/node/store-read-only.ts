// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Calls, PoolState, StoreFinding } from "./call.ts";
import { listPools } from "./pool-states.ts";
import { PoolTable } from "./pool-table.ts";
import { checkStore } from "./store-check.ts";
import { causeText, isDamage } from "./store-failure.ts";
import { findForeignContent } from "./store-header.ts";
import { isHeld } from "./store-lock.ts";
import { migrate } from "./store-migrate.ts";
import { findProblem } from "./store-open.ts";
import { StoreReader } from "./store-reader.ts";

/** The store of a daemon that does not run, as it was when it was opened. */
export type ReadOnlyStore = {
  /** Shares as they were last known: nobody has read the pools since. */
  listPools(): PoolState[];
  listReservations(request: Calls["listReservations"]["request"]): Calls["listReservations"]["answer"];
  check(): StoreFinding[];
  close(): void;
};

export type ReadOnlyOutcome =
  | { readonly status: "ok"; readonly store: ReadOnlyStore }
  /** "locked": a daemon runs on it. Each message says what is so in one sentence that names the file. */
  | { readonly status: "missing" | "locked" | "fault"; readonly message: string };

/**
 * Opens a store for looking. It works on a private copy of the file and its log: SQLite itself would create or change
 * files beside the store, and hold a lock that could refuse a daemon that starts meanwhile. Throws for what the system
 * refuses (no permission).
 */
export function openStoreReadOnly(path: string): ReadOnlyOutcome {
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    return { status: "missing", message: `there is no store ${path}` };
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-store-"));
  const discard = () => rmSync(dir, { recursive: true, force: true });
  try {
    const copy = join(dir, "store");
    const before = fingerprint(path);
    const locked = isHeld(path);
    if (!locked) copyStore(path, copy);
    if (locked || isHeld(path) || fingerprint(path) !== before) {
      return { status: "locked", message: `store ${path} is in use by a daemon` };
    }
    return openCopy(path, copy);
  } finally {
    discard(); // while it is open: so that nothing stays behind, however the process ends
  }
}

function openCopy(path: string, copy: string): ReadOnlyOutcome {
  const foreign = findForeignContent(copy);
  if (foreign !== undefined) return { status: "fault", message: `store ${path} ${foreign}` };
  const db = new DatabaseSync(copy);
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY"); // no further files: they would have no directory
    const problem = findProblem(db);
    if (problem !== undefined) {
      db.close();
      return { status: "fault", message: `store ${path} ${problem}` };
    }
    migrate(db); // an empty file, or a schema older than this program's
    return { status: "ok", store: new StoreCopy(db) };
  } catch (error) {
    db.close();
    if (!isDamage(error)) throw error;
    return { status: "fault", message: `store ${path} is damaged (${causeText(error)})` };
  }
}

class StoreCopy implements ReadOnlyStore {
  readonly #db: DatabaseSync;
  readonly #read: StoreReader;
  readonly #table = new PoolTable();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#read = new StoreReader(db);
    this.#table.load(this.#read);
  }

  listPools(): PoolState[] {
    return listPools(this.#table);
  }

  listReservations(request: Calls["listReservations"]["request"]): Calls["listReservations"]["answer"] {
    return this.#read.listReservations(request);
  }

  check(): StoreFinding[] {
    return checkStore(this.#read, this.#table);
  }

  close(): void {
    this.#db.close();
  }
}

function copyStore(path: string, copy: string): void {
  copyFileSync(path, copy);
  if (statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined)
    copyFileSync(`${path}-wal`, `${copy}-wal`);
}

/** Differs when a daemon has run in between. */
function fingerprint(path: string): string {
  const parts = [path, `${path}-wal`].map((file) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  });
  return parts.join(", ");
}
