// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { causeText } from "../rpc/error.ts";
import type { Calls, PoolState, StoreFinding } from "./call.ts";
import { listPools } from "./pool-states.ts";
import { PoolTable } from "./pool-table.ts";
import { checkStore } from "./store-check.ts";
import { isDamage } from "./store-failure.ts";
import { convertGoStore, isGoStore } from "./store-import.ts";
import { isHeld } from "./store-lock.ts";
import { logOf } from "./store-log-file.ts";
import { findFileProblem, findProblem } from "./store-look.ts";
import { migrate } from "./store-migrate.ts";
import { damage, type StoreProblem } from "./store-problem.ts";
import { StoreReader } from "./store-reader.ts";
import { isRecoveryUnfinished, recoveredPath } from "./store-recovered.ts";

/** The store of a daemon that does not run, as it was when it was opened. */
export type ReadOnlyStore = {
  /** Shares as they were last known: nobody has read the pools since. */
  listPools(): PoolState[];
  listReservations(request: Calls["listReservations"]["request"]): Calls["listReservations"]["answer"];
  check(): StoreFinding[];
  /** As StoreReader has it. */
  exportToGo(): string;
  close(): void;
};

export type ReadOnlyOutcome =
  | { readonly status: "ok"; readonly store: ReadOnlyStore }
  /** "locked": a daemon runs on it. Each message says what is so in one sentence that names the file. */
  | { readonly status: "missing" | "locked"; readonly message: string }
  | { readonly status: "fault"; readonly message: string; readonly isDamage: boolean };

/**
 * Opens a store for looking; `waitMs`: how long to wait for one that a daemon has. It works on a private copy of the file and its log: SQLite itself would create or change
 * files beside the store, and hold a lock that could refuse a daemon that starts meanwhile. Throws for what the system
 * refuses (no permission).
 */
export function openStoreReadOnly(path: string, waitMs = 0): ReadOnlyOutcome {
  if (isRecoveryUnfinished(path)) {
    return fault(path, damage(`a recovery was broken off, ${recoveredPath(path)} is its outcome`));
  }
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    return { status: "missing", message: `there is no store ${path}` };
  const dir = makePrivateDirectory(path);
  const discard = () => rmSync(dir, { recursive: true, force: true });
  try {
    const copy = join(dir, "store");
    const locked = isHeld(path, waitMs);
    const before = fingerprint(path);
    if (!locked) copyStore(path, copy);
    if (locked || isHeld(path, waitMs) || fingerprint(path) !== before) {
      return { status: "locked", message: `store ${path} is in use by a daemon` };
    }
    return openCopy(path, copy);
  } finally {
    discard(); // while it is open: so that nothing stays behind, however the process ends
  }
}

/** In a container whose root file system is read-only there is no other place than the store's. */
function makePrivateDirectory(path: string): string {
  try {
    return mkdtempSync(join(tmpdir(), "nv-ipam-store-"));
  } catch {
    return mkdtempSync(`${path}-look-`);
  }
}

function openCopy(path: string, copy: string): ReadOnlyOutcome {
  const problem = isGoStore(copy) ? convertGoStore(copy) : findFileProblem(copy);
  if (problem !== undefined) return fault(path, problem);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(copy);
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY"); // no further files: they would have no directory
    const found = findProblem(db);
    if (found === undefined) {
      migrate(db); // an empty file, or a schema older than this program's
      return { status: "ok", store: new StoreCopy(db) };
    }
    db.close();
    return fault(path, found);
  } catch (error) {
    db?.close();
    if (!isDamage(error)) throw error;
    return fault(path, damage(causeText(error)));
  }
}

function fault(path: string, { text, isDamage }: StoreProblem): ReadOnlyOutcome {
  return { status: "fault", message: `store ${path} ${text}`, isDamage };
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

  exportToGo(): string {
    return this.#read.exportToGo();
  }

  close(): void {
    this.#db.close();
  }
}

function copyStore(path: string, copy: string): void {
  copyFileSync(path, copy);
  if (statSync(logOf(path), { throwIfNoEntry: false }) !== undefined) copyFileSync(logOf(path), logOf(copy));
}

/** Differs when a daemon has run in between. */
function fingerprint(path: string): string {
  const parts = [path, logOf(path)].map((file) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  });
  return parts.join(", ");
}
