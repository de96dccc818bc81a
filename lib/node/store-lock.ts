// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from "node:sqlite";
import { isLocked } from "./store-failure.ts";

/**
 * Whether a daemon has the store at `path`, of this process or another one. Leaves the file and its lock alone: a read of a
 * database that somebody has exclusively is refused as busy, and one of a database that nobody has stops where exclusive
 * locking would need a writable descriptor, before SQLite looks at a log or creates anything.
 */
export function isHeld(path: string, waitMs = 0): boolean {
  const db = new DatabaseSync(path, { readOnly: true, timeout: waitMs });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.prepare("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return isLocked(error);
  } finally {
    db.close();
  }
}
