// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from "node:sqlite";
import { damage, type StoreProblem } from "./store-problem.ts";
import { APPLICATION_ID, MIGRATIONS, type Migration } from "./store-schema.ts";

type Versions = { readonly schema: number; readonly oldestReader: number };

/** Why this program must not touch the database's content; undefined when it may. */
export function findSchemaProblem(db: DatabaseSync, migrations = MIGRATIONS): StoreProblem | undefined {
  const id = db.prepare("PRAGMA application_id").get()?.application_id;
  const empty = db.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
  if (empty && id === 0) return undefined;
  if (id !== APPLICATION_ID) return { text: "is a database of another program", isDamage: true };
  const found = readVersions(db);
  if (found === undefined) return damage("it has no version");
  if (found.oldestReader <= newestOf(migrations)) return undefined;
  const text = `was written by a newer ipam-node (schema ${found.schema}, this one knows ${newestOf(migrations)}): use that version`;
  return { text, isDamage: false };
}

/** Brings the schema up to the newest that this program knows, all steps or none; a newer, readable one stays as it is. */
export function migrate(db: DatabaseSync, migrations = MIGRATIONS): void {
  const schema = readVersions(db)?.schema ?? 0;
  const missing = migrations.filter((step) => step.schema > schema);
  const newest = missing.at(-1);
  if (newest === undefined) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { sql } of missing) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.prepare("UPDATE meta SET schema = ?, oldest_reader = ?").run(newest.schema, newest.oldestReader);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function newestOf(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.schema ?? 0;
}

function readVersions(db: DatabaseSync): Versions | undefined {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get() === undefined) return undefined;
  const row = db.prepare("SELECT schema, oldest_reader FROM meta").get();
  if (row === undefined) return undefined;
  return { schema: Number(row.schema), oldestReader: Number(row.oldest_reader) };
}
