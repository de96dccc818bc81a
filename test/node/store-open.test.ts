// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import { findSchemaProblem, migrate } from "../../lib/node/store-migrate.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { MIGRATIONS } from "../../lib/node/store-schema.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import { startStoreThread } from "../../lib/node/store-thread.ts";
import { ask, openSession, serving, share, told, wish, workerUrl } from "./store-fixture.ts";

const part = share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254");

/** Leaves a closed store with some reservations, and lets `change` do something to it. */
function storeWith(t: Test, change: (db: DatabaseSync) => void): string {
  const path = join(t.testdir(), "store");
  const session = openSession(path);
  ask(session, "setShares", serving(part));
  session.run(Array.from({ length: 200 }, (_, i) => ({ name: "allocate", request: wish(`c${i}`) })));
  session.close();
  const db = new DatabaseSync(path);
  change(db);
  db.close();
  return path;
}

/** Overwrites the page where a table or index begins. */
function breakPage(path: string, name: string): void {
  const db = new DatabaseSync(path);
  const page = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(name)?.rootpage);
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0x55, (page - 1) * 4096 + 16, page * 4096);
  writeFileSync(path, bytes);
}

test("a new store belongs to its owner alone and waits for the disk", (t) => {
  const path = join(t.testdir(), "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  for (const file of [path, `${path}-wal`]) t.equal(statSync(file).mode & 0o777, 0o600);
  const pragma = (name: string) => Object.values(opened.db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  t.equal(pragma("journal_mode"), "wal");
  t.equal(pragma("locking_mode"), "exclusive");
  t.equal(pragma("synchronous"), 2);
  t.equal(pragma("foreign_keys"), 1);
  t.equal(pragma("temp_store"), 2);
  opened.db.close();
  t.notOk(existsSync(`${path}-wal`), "closing leaves one file");
  t.end();
});

test("an empty file is an empty store", (t) => {
  const path = join(t.testdir({ store: "" }), "store");
  const opened = openStore(path);
  t.equal(opened.status, "ok");
  if (opened.status === "ok") opened.db.close();
  t.end();
});

test("what cannot be used is a fault that says what and what to do, and stays as it is", async (t) => {
  const alien = (dir: string) => {
    const db = new DatabaseSync(dir);
    db.exec("CREATE TABLE t (x)");
    db.close();
  };
  const cases: [string, (path: string) => void, RegExp][] = [
    ["json", (path) => writeFileSync(path, '{"version":1,"pools":{}}'), /is a store of the Go daemon/],
    ["noise", (path) => writeFileSync(path, "noise".repeat(2000)), /is damaged \(it is not a database\)/],
    ["alien", alien, /is a database of another program/],
  ];
  for (const [name, make, message] of cases) {
    const path = join(t.testdir(), name);
    make(path);
    const before = readFileSync(path);
    const desk = await startStoreThread({ storeFile: path, workerUrl });
    t.match(desk.fault(), message, name);
    t.ok(desk.fault()?.startsWith(`store ${path} `), "names the file");
    const way = name === "json" ? / are moved away$/ : /"ipam-node recover --store-file \S+" has rebuilt it$/;
    t.match(desk.fault(), way);
    await t.rejects(desk.call("allocate", wish("a")), { code: 14, message: desk.fault() });
    await desk.stop();
    t.same(readFileSync(path), before);
    t.notOk(existsSync(`${path}-wal`));
  }
});

test("a Go store beside the log of an earlier store of ours is not overwritten", (t) => {
  const path = storeWith(t, () => {});
  const left = join(t.testdir({ left: {} }), "left", "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  opened.db.exec("UPDATE pools SET last_address = x'0a000001'");
  const log = readFileSync(`${path}-wal`); // as SIGKILL leaves it
  opened.db.close();
  const go = '{"version":1,"checksum":1,"pools":{}}'.padEnd(8192);
  writeFileSync(left, go);
  writeFileSync(`${left}-wal`, log);
  t.match(openStore(left), { status: "fault", message: /store of the Go daemon/ });
  t.equal(readFileSync(left, "utf8"), go);
  t.end();
});

test("damage is found at the start: in the rows and in an index that the rows do not need", (t) => {
  for (const name of ["reservations", "sqlite_autoindex_reservations_2"]) {
    const path = storeWith(t, () => {});
    breakPage(path, name);
    const before = readFileSync(path);
    const opened = openStore(path);
    t.equal(opened.status, "fault", name);
    t.match(opened, { message: /^store .* is damaged \(/ });
    t.same(readFileSync(path), before);
  }
  t.end();
});

test("damage that shows while running fails the batch, then is a fault", (t) => {
  const path = storeWith(t, () => {});
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  const session = new StoreSession(path, opened.db);
  session.load();
  // From another process, because closing a descriptor of the file here would drop the lock.
  const script = `const fs = require("fs"); const size = fs.statSync(process.argv[1]).size;
    const fd = fs.openSync(process.argv[1], "r+"); fs.writeSync(fd, Buffer.alloc(size - 4096, 0x55), 0, size - 4096, 4096)`;
  execFileSync(process.execPath, ["-e", script, path]);
  opened.db.exec("PRAGMA shrink_memory");
  const { outcomes, committed, fault } = session.run([
    { name: "listPools", request: null },
    { name: "allocate", request: wish("new") },
  ]);
  t.equal(committed, false);
  for (const text of told(outcomes)) t.match(text, /^13: .*malformed$/);
  t.match(fault, { isDamage: true, message: /^store .* is damaged \(.*malformed\); it stays where it is/ });
  session.close();
  t.end();
});

test("a newer schema is opened when it allows this reader, and refused when not", (t) => {
  const additive = storeWith(t, (db) =>
    db.exec(
      "ALTER TABLE reservations ADD COLUMN colour TEXT; UPDATE meta SET schema = 99, oldest_reader = 1",
    ),
  );
  const session = openSession(additive);
  t.equal(ask(session, "allocate", wish("new")).length, 1);
  session.close();
  const db = new DatabaseSync(additive);
  t.equal(db.prepare("SELECT schema FROM meta").get()?.schema, 99, "it is not migrated back");
  db.exec("UPDATE meta SET oldest_reader = 50");
  db.close();
  t.match(openStore(additive), {
    status: "fault",
    message: /was written by a newer ipam-node \(schema 99, this one knows 4\): use that version/,
  });
  t.end();
});

test("an older schema is brought up step by step, all steps or none", (t) => {
  const path = storeWith(t, () => {});
  const db = new DatabaseSync(path);
  const second = { schema: 8, oldestReader: 1, sql: "ALTER TABLE pools ADD COLUMN two INTEGER" };
  const broken = { schema: 9, oldestReader: 9, sql: "ALTER TABLE nowhere ADD COLUMN three INTEGER" };
  t.throws(() => migrate(db, [...MIGRATIONS, second, broken]));
  t.equal(db.prepare("SELECT schema FROM meta").get()?.schema, MIGRATIONS.at(-1)?.schema);
  t.throws(() => db.prepare("SELECT two FROM pools"));
  migrate(db, [...MIGRATIONS, second]);
  t.same({ ...db.prepare("SELECT * FROM meta").get() }, { schema: 8, oldest_reader: 1, node_name: null });
  t.equal(db.prepare("SELECT two FROM pools").get()?.two, null);
  t.equal(findSchemaProblem(db), undefined, "the program before still opens it");
  db.close();
  t.end();
});

test("what an administrator has to mend keeps the daemon from starting", async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, "store"));
  const start = (storeFile: string) => startStoreThread({ storeFile, workerUrl });
  await t.rejects(start(join(dir, "store")), { message: /store .* is not a regular file/ });
  await t.rejects(start(join(dir, "none", "store")), { message: /directory of store .* does not exist/ });
  t.end();
});
