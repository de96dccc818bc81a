// SPDX-License-Identifier: Apache-2.0
// What SQLite's errors mean here. They are told apart by result code (sqlite.org/rescode.html), never by text.

const PRIMARY_MASK = 0xff; // the low byte of an extended result code is the primary one
const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** An error of the database itself. */
export type SqliteError = Error & { readonly errcode: number };

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** The database's error at the bottom of `error`; undefined when it came from elsewhere. */
export function findSqliteError(error: unknown): SqliteError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isSqliteError(cause)) return cause;
  }
  return undefined;
}

/** Another connection holds the lock. */
export function isLocked(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

/** The disk is full, or the database as large as it may become. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL;
}

/** The file holds no database, or a broken one. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === CORRUPT || code === NOTADB;
}

/** Which of a table's constraints refused a row; undefined when the error is something else. */
export function violatedConstraint(error: unknown): "primary-key" | "unique" | undefined {
  if (!isSqliteError(error)) return undefined;
  if (error.errcode === CONSTRAINT_PRIMARYKEY) return "primary-key";
  return error.errcode === CONSTRAINT_UNIQUE ? "unique" : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const found = findSqliteError(error);
  return found && found.errcode & PRIMARY_MASK;
}
