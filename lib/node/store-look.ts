// SPDX-License-Identifier: Apache-2.0
// What is wrong with a store's files, found before the database is opened for work: an open database that is closed again
// moves its log into the file, and one whose log belongs elsewhere would be destroyed by that.
import { existsSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { causeText } from "../rpc/error.ts";
import { isDamage } from "./store-failure.ts";
import { findForeignContent } from "./store-header.ts";
import { type Log, readLog } from "./store-log.ts";
import { logOf } from "./store-log-file.ts";
import { findSchemaProblem } from "./store-migrate.ts";
import { damage, type StoreProblem } from "./store-problem.ts";
import { isRecoveryUnfinished, recoveredPath } from "./store-recovered.ts";

/** Of a number in the header that each store has for itself (PRAGMA user_version), see store-open.ts. */
const IDENTITY_AT = 60;

/**
 * Why no store can be opened at `path`; undefined when nothing is wrong, also where there is none. Nobody has it open.
 * Leaves the files as they are; throws what the system refuses.
 */
export function findFileProblem(path: string): StoreProblem | undefined {
  if (isRecoveryUnfinished(path)) {
    const text = `has a recovery that was broken off (${recoveredPath(path)})`;
    return { text, isDamage: true };
  }
  const log = existsSync(logOf(path)) ? readLog(readFileSync(logOf(path))) : undefined;
  const isEmpty = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (isEmpty) return log?.pageCount ? damage("it is empty, but its log is not") : undefined;
  const foreign = findForeignContent(path);
  if (foreign !== undefined) return foreign;
  if (log?.damage !== undefined) return damage(log.damage);
  if (log === undefined || log.pageCount === 0) return undefined; // opening and closing it changes nothing
  return isOfAnother(path, log) ? damage("its log belongs to another store") : findProblemBehind(path, log);
}

/** Why the open database must not be used; undefined when nothing is wrong. */
export function findProblem(db: DatabaseSync): StoreProblem | undefined {
  try {
    const problem = findSchemaProblem(db);
    if (problem !== undefined) return problem;
    // The full check: quick_check does not see a reservation that its second index lacks. 10 ms for 10,000 of them.
    const [row] = db.prepare("PRAGMA integrity_check(1)").all();
    const found = Object.values(row ?? {})[0];
    return found === "ok" ? undefined : damage(String(found).replace(/\s+/g, " "));
  } catch (error) {
    if (isDamage(error)) return damage(causeText(error));
    throw error;
  }
}

function isOfAnother(path: string, { pages, pageSize }: Log): boolean {
  const first = pages.get(1);
  if (first === undefined) return false;
  const header = readFileSync(path).subarray(0, 100);
  if (header.length < 100 || header.readUInt16BE(16) % 65535 !== pageSize % 65535) return true;
  const [own, others] = [header, first].map((page) => page.readUInt32BE(IDENTITY_AT));
  return own !== 0 && own !== others;
}

/** The problem of file and log together, looked for in memory: that needs no further file, and changes none. */
function findProblemBehind(path: string, { pages, pageSize, pageCount }: Log): StoreProblem | undefined {
  const image = Buffer.alloc(pageCount * pageSize);
  readFileSync(path).copy(image);
  for (const [number, page] of pages) page.copy(image, (number - 1) * pageSize);
  image.fill(1, 18, 20); // a database without a log
  const db = new DatabaseSync(":memory:");
  try {
    db.deserialize(image);
    return findProblem(db);
  } catch (error) {
    if (isDamage(error)) return damage(causeText(error));
    throw error;
  } finally {
    db.close();
  }
}
