// SPDX-License-Identifier: Apache-2.0
// What a batch keeps and what it loses: a savepoint contains what is wrong with a call, never what is wrong with the disk.
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import type { QueuedCall } from "../../lib/node/thread-messages.ts";
import { ask, eth, nobody, openSession, ref, serving, share, told, wish } from "./store-fixture.ts";

const shares = [
  share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254"),
  share("q", "fd00::/64", "fd00::1-fd00::ffff"),
  share("tiny", "10.9.0.0/30", "10.9.0.1-10.9.0.2"),
];

/** A session whose database the test can tamper with. */
function setUp(t: Test): { session: StoreSession; db: DatabaseSync; path: string } {
  const path = join(t.testdir(), "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  const session = new StoreSession(path, opened.db);
  session.load();
  ask(session, "setShares", serving(...shares));
  return { session, db: opened.db, path };
}

const wishes = (prefix: string, count: number, pools = ["p", "q"]): QueuedCall<"allocate">[] =>
  Array.from({ length: count }, (_, i) => ({ name: "allocate", request: wish(`${prefix}-${i}`, pools) }));

const stored = (session: StoreSession) =>
  ask(session, "listReservations", { filter: {}, limit: 100_000 }).reservations;

/** Reopens the store and finds there what the session says; no address twice, nothing half. */
function isWhole(t: Test, session: StoreSession, path: string): void {
  const said = stored(session);
  t.same(ask(session, "checkStore", null), []);
  session.close();
  const again = openSession(path);
  t.same(stored(again), said);
  const places = said.map((one) => `${one.pool.name} ${formatAddress(one.address)}`);
  t.equal(new Set(places).size, places.length, "no address twice");
  const count = (pool: string) => said.filter((one) => one.pool.name === pool).length;
  t.equal(count("p"), count("q"), "nothing half-stored");
  again.close();
}

test("a call that fails takes nothing of its batch with it", (t) => {
  const { session, path } = setUp(t);
  const { outcomes, committed } = session.run([
    ...wishes("a", 2),
    { name: "allocate", request: wish("b", ["p", "gone"]) },
    { name: "allocate", request: wish("a-0", ["q"]) },
    { name: "allocate", request: wish("d", ["p"], { ips: ["10.0.0.9", "192.0.2.1"] }) },
    ...wishes("c", 1),
  ]);
  t.same(told(outcomes), [
    "ok",
    "ok",
    '5: configuration for pool "gone", poolType "ippool" not found',
    '6: allocation already exist in the pool "q", poolType "ippool"',
    "3: not all requested static IPs can be allocated from the ranges available on the node, ip 192.0.2.1 has no matching Pool",
    "ok",
  ]);
  t.equal(committed, true);
  t.same(
    stored(session).map((one) => formatAddress(one.address)),
    ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2", "fd00::3"],
  );
  isWhole(t, session, path);
  t.end();
});

test("a call sees what the calls before it in the batch did", (t) => {
  const { session } = setUp(t);
  const { outcomes } = session.run([
    { name: "allocate", request: wish("a", ["tiny"]) },
    { name: "allocate", request: wish("b", ["tiny"]) },
    { name: "allocate", request: wish("c", ["tiny"]) },
    { name: "deallocate", request: { pools: [ref("tiny")], attachment: eth("a") } },
    { name: "allocate", request: wish("c", ["tiny"]) },
    { name: "isAllocated", request: { pools: [ref("tiny")], attachment: eth("a") } },
  ]);
  t.same(
    told(outcomes).map((text) => text.slice(0, 2)),
    ["ok", "ok", "8:", "ok", "ok", "5:"],
  );
  session.close();
  t.end();
});

test("reading writes nothing", (t) => {
  const { session } = setUp(t);
  const { committed } = session.run([
    { name: "listPools", request: null },
    { name: "isAllocated", request: { pools: [ref("p")], attachment: eth("a") } },
    { name: "checkPools", request: { pools: [ref("p")] } },
    { name: "setShares", request: serving(...shares) },
  ]);
  t.equal(committed, false, "an unchanged share is not written either");
  session.close();
  t.end();
});

test("a full database in the middle of a batch fails every call of it with the cause", (t) => {
  const { session, db, path } = setUp(t);
  session.run(wishes("before", 20));
  const before = stored(session);
  const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages + 1}`);

  // More than what the database keeps free for the next reservations.
  const metadata = { ...nobody, podName: "long".repeat(1000) };
  const large = (prefix: string) =>
    wishes(prefix, 300).map(
      (call): QueuedCall => ({ name: "allocate", request: { ...call.request, metadata } }),
    );
  const { outcomes, committed } = session.run(large("full"));
  const texts = told(outcomes);
  t.equal(committed, false);
  const own = texts.filter((text) => text.startsWith("13: failed to allocate IP address in pool "));
  t.equal(own.length, 1);
  t.match(own[0], /in pool "[pq]", poolType "ippool": database or disk is full$/);
  t.ok(texts.indexOf(own[0]!) > 0, "it was not the first call");
  t.same(
    [...new Set(texts.filter((text) => text !== own[0]))],
    ["13: failed to close session: database or disk is full"],
  );
  t.same(stored(session), before, "nothing of it is stored");

  db.exec("PRAGMA max_page_count = 100000");
  t.same([...new Set(told(session.run(wishes("after", 300)).outcomes))], ["ok"]);
  const next = stored(session).find((one) => one.containerId === "after-0");
  t.equal(next && formatAddress(next.address), "10.0.0.21", "round robin goes on where it was");
  t.equal(stored(session).length, 640);
  isWhole(t, session, path);
  t.end();
});

test("a commit that fails fails every call, also those that would have succeeded alone", (t) => {
  const { session, db, path } = setUp(t);
  session.run(wishes("before", 2));
  const before = stored(session);
  // A deferred foreign key is looked at by COMMIT, which then refuses and leaves the transaction open.
  db.exec(`CREATE TABLE late (x INTEGER REFERENCES pools (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TEMP TRIGGER spoil AFTER INSERT ON reservations WHEN NEW.container_id = 'bad'
    BEGIN INSERT INTO late VALUES (4711); END`);
  const { outcomes, committed } = session.run([
    ...wishes("a", 3),
    { name: "allocate", request: wish("bad", ["p", "q"]) },
    { name: "deallocate", request: { pools: [ref("p")], attachment: eth("before-0") } },
    { name: "allocate", request: wish("x", ["gone"]) },
  ]);
  t.equal(committed, false);
  t.same([...new Set(told(outcomes))], ["13: failed to close session: FOREIGN KEY constraint failed"]);
  t.same(stored(session), before);
  db.exec("DROP TRIGGER spoil; DROP TABLE late");
  t.same(told(session.run(wishes("a", 3)).outcomes), ["ok", "ok", "ok"]);
  isWhole(t, session, path);
  t.end();
});

test("an error of the database fails the batch also where the transaction outlives it", (t) => {
  const { session, db, path } = setUp(t);
  db.exec(`CREATE TEMP TRIGGER refuse BEFORE INSERT ON reservations WHEN NEW.container_id = 'bad'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  const bad: QueuedCall = { name: "allocate", request: wish("bad", ["q", "p"]) };
  t.same(told(session.run([...wishes("a", 1), bad]).outcomes), [
    "13: failed to close session: refused",
    '13: failed to allocate IP address in pool "q", poolType "ippool": refused',
  ]);
  t.same(stored(session), []);
  isWhole(t, session, path);
  t.end();
});

test("a picture that does not fit the store fails the batch and is made anew", (t) => {
  const { session, db, path } = setUp(t);
  session.run(wishes("before", 1));
  // Somebody else's row: the picture takes its address for free.
  db.exec(`INSERT INTO reservations (pool, address, container_id, interface_name, pod_name, pod_namespace, pod_uid,
    device_id, network_name, created_at_ms) SELECT pool, x'0a000002', 'alien', 'net1', '', '', '', '', '', 0
    FROM reservations WHERE address = x'0a000001'`);
  t.match(
    told(session.run(wishes("a", 2)).outcomes)[0],
    /^13: .*10\.0\.0\.2 of pool "p".* was taken for free/,
  );
  t.same(told(session.run(wishes("a", 2, ["p"])).outcomes), ["ok", "ok"]);
  const a = stored(session).find((one) => one.containerId === "a-0");
  t.equal(a && formatAddress(a.address), "10.0.0.3");
  session.close();
  t.equal(openSession(path).table.find(ref("p"))?.used, 4);
  t.end();
});

test("in a full database the releases of a batch succeed, and new reservations say why they do not", (t) => {
  const { session, db, path } = setUp(t);
  session.run(wishes("before", 20));
  const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const metadata = { ...nobody, podName: "long".repeat(1000) };
  const large = wishes("full", 300).map(
    (call): QueuedCall => ({ name: "allocate", request: { ...call.request, metadata } }),
  );
  const pools = [ref("p"), ref("q")];
  const release = (i: number): QueuedCall => ({
    name: "deallocate",
    request: { pools, attachment: eth(`before-${i}`) },
  });
  const { outcomes, committed } = session.run([release(0), ...large, release(1), release(2)]);
  t.equal(committed, true);
  const texts = told(outcomes);
  t.same([texts[0], texts.at(-2), texts.at(-1)], ["ok", "ok", "ok"]);
  for (const text of texts.slice(1, -2)) t.match(text, /^13: .*: database or disk is full$/);
  t.equal(stored(session).length, 34);
  db.exec("PRAGMA max_page_count = 100000");
  isWhole(t, session, path);
  t.end();
});
