// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from "node:fs";
import { damage, type StoreProblem } from "./store-problem.ts";

const MAGIC = "SQLite format 3\0"; // sqlite.org/fileformat.html, section 1.3

/**
 * What the file is if it is neither empty nor a database; else undefined. It must be asked before SQLite opens the file:
 * with a log of an earlier store beside it, SQLite would take any file for that store and write the log over it. It must
 * not be asked while this process has the store, because closing the descriptor would drop the lock.
 */
export function findForeignContent(path: string): StoreProblem | undefined {
  const start = Buffer.alloc(MAGIC.length);
  const fd = openSync(path, "r");
  try {
    if (readSync(fd, start, 0, start.length, 0) === 0) return undefined;
  } finally {
    closeSync(fd);
  }
  const text = start.toString("latin1");
  if (text === MAGIC) return undefined;
  return text.startsWith("{")
    ? { text: "is a store of the Go daemon, which ipam-node imports when it starts", isDamage: false }
    : damage("it is not a database");
}
