// SPDX-License-Identifier: Apache-2.0
// A store that came to this node with a copy of another node's disk.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import { findSchemaProblem, migrate } from "../../lib/node/store-migrate.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { MIGRATIONS } from "../../lib/node/store-schema.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import { startStoreThread } from "../../lib/node/store-thread.ts";
import { damagePages, listAll, makeSite, pagesOf, recover } from "./recover-setup.ts";
import { address, ask, openSession, ref, serving, share, wish, workerUrl } from "./store-fixture.ts";

const part = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.100");

function openedAs(path: string, nodeName: string): { session: StoreSession; takenFrom: string | undefined } {
  const opened = openStore(path, { nodeName });
  if (opened.status !== "ok") throw new Error(opened.message);
  const session = new StoreSession(path, opened.db);
  session.load();
  return { session, takenFrom: opened.takenFrom };
}

/** A store of node-a in which "a" has the first address. */
function storeOfNodeA(path: string): string {
  const { session, takenFrom } = openedAs(path, "node-a");
  if (takenFrom !== undefined) throw new Error("a new store was nobody's");
  ask(session, "setShares", serving(part));
  ask(session, "allocate", wish("a"));
  session.close();
  return path;
}

const inDirectory = (t: Test): string => join(t.testdir(), "store");

test("the shares of another node's store are not served, its reservations stay", (t) => {
  const path = storeOfNodeA(inDirectory(t));
  const { session, takenFrom } = openedAs(path, "node-b");
  t.equal(takenFrom, "node-a");
  t.throws(() => ask(session, "allocate", wish("b")), { message: /^14: .*not known yet/ });
  t.match(ask(session, "listPools", null), [{ pool: ref("p"), share: undefined, used: 1n }]);
  t.equal(ask(session, "isAllocated", { pools: [ref("p")], attachment: wish("a").attachment }), null);
  ask(session, "setShares", serving(part));
  t.match(ask(session, "allocate", wish("b")), [{ address: address("10.0.0.2") }], "round robin goes on");
  session.close();
  t.end();
});

test("killed before the pools were read, the next start serves them neither", (t) => {
  const path = storeOfNodeA(inDirectory(t));
  openedAs(path, "node-b").session.close();
  const { session, takenFrom } = openedAs(path, "node-b");
  t.equal(takenFrom, undefined);
  t.throws(() => ask(session, "allocate", wish("b")), /not known yet/);
  session.close();
  t.end();
});

test("the node's own shares are served at once, also those of a store in which no node is named", (t) => {
  const path = storeOfNodeA(inDirectory(t));
  openSession(path).close(); // who names no node leaves the store whose it is
  const again = openedAs(path, "node-a");
  t.equal(again.takenFrom, undefined);
  t.match(ask(again.session, "allocate", wish("b")), [{ address: address("10.0.0.2") }]);
  again.session.close();
  const db = new DatabaseSync(path);
  db.exec("ALTER TABLE meta DROP COLUMN node_name; UPDATE meta SET schema = 3");
  db.close();
  const older = openedAs(path, "node-b");
  t.equal(older.takenFrom, undefined);
  t.match(ask(older.session, "allocate", wish("c")), [{ address: address("10.0.0.3") }]);
  older.session.close();
  t.equal(openedAs(path, "node-a").takenFrom, "node-b", "from then on it is");
  t.end();
});

test("every older program opens it", (t) => {
  const db = new DatabaseSync(storeOfNodeA(inDirectory(t)));
  for (let known = 1; known <= MIGRATIONS.length; known++) {
    t.equal(findSchemaProblem(db, MIGRATIONS.slice(0, known)), undefined);
    migrate(db, MIGRATIONS.slice(0, known));
  }
  t.match(db.prepare("SELECT * FROM meta").get(), { schema: 4, oldest_reader: 1, node_name: "node-a" });
  db.close();
  t.end();
});

test("a recovery keeps whose the store is", async (t) => {
  const site = makeSite(t);
  storeOfNodeA(site.storeFile);
  damagePages(site.storeFile, pagesOf(site.storeFile, "sqlite_autoindex_reservations_2"), (page) =>
    page.fill(0),
  );
  await recover(site);
  const { session, takenFrom } = openedAs(site.storeFile, "node-b");
  t.equal(takenFrom, "node-a");
  t.equal(listAll(session).length, 1);
  t.throws(() => ask(session, "allocate", wish("b")), /not known yet/);
  session.close();
});

test("the store thread says whose it was", async (t) => {
  const storeFile = storeOfNodeA(inDirectory(t));
  const desk = await startStoreThread({ storeFile, workerUrl, open: { nodeName: "node-b" } });
  t.match(desk.origin, { takenFrom: "node-a" });
  await desk.stop();
});
