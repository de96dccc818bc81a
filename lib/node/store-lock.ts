// SPDX-License-Identifier: Apache-2.0
import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isLocked } from "./store-failure.ts";
import { logOf } from "./store-log-file.ts";

/** How long a daemon may have a damaged store, only to see whether it is whole again; who serves one keeps it. */
export const DAEMON_LOOKS_MS = 3000;

/**
 * Whether a daemon has the store at `path`, of this process or another one. Leaves the file and its lock alone: a read of a
 * database that somebody has exclusively is refused as busy, and one of a database that nobody has stops where exclusive
 * locking would need a writable descriptor, before SQLite looks at a log or creates anything.
 */
export function isHeld(path: string, waitMs = 0): boolean {
  // SQLite would remove the log. Who has a store open has written to it before there is a log.
  if (statSync(path).size === 0 && existsSync(logOf(path))) return false;
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
