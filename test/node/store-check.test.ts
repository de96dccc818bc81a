// SPDX-License-Identifier: Apache-2.0
// What a check finds, and that what it says of it stays small.
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import { openStore } from "../../lib/node/store-open.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import { ask, ref, serving, share, wish } from "./store-fixture.ts";

function setUp(t: Test): { session: StoreSession; db: DatabaseSync } {
  const path = join(t.testdir(), "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  const session = new StoreSession(path, opened.db);
  t.teardown(() => session.close());
  session.load();
  return { session, db: opened.db };
}

const check = (session: StoreSession): string[] =>
  ask(session, "checkStore", null).map(({ kind, message }) => `${kind}: ${message}`);

test("of very many reservations outside of a share the lowest are told, and how many more there are", (t) => {
  const { session } = setUp(t);
  ask(session, "setShares", serving(share("p", "10.0.0.0/16", "10.0.0.1-10.0.3.255")));
  session.run(
    Array.from({ length: 1000 }, (_, i) => ({ name: "allocate", request: wish(`c${i}`) }) as const),
  );
  t.same(check(session), []);
  ask(session, "setShares", serving(share("p", "10.0.0.0/16", "10.0.1.0-10.0.3.255")));
  const found = check(session);
  t.equal(found.length, 21);
  t.equal(
    found[0],
    'outside-share: 10.0.0.1 was chosen from an earlier share, this node\'s part of the pool "p", poolType "ippool" is 10.0.1.0-10.0.3.255',
  );
  t.equal(
    found[20],
    'outside-share: … and 235 more reservations outside of the share of the pool "p", poolType "ippool"',
  );
  ask(session, "setShares", serving(share("p", "fd00::/64", "fd00::1-fd00::9")));
  const other = check(session);
  t.match(other[0], /10\.0\.0\.1 is outside of fd00::\/64 of the pool "p"/);
  t.match(other[20], /… and 980 more/);
  t.end();
});

test("an address that was asked for belongs where it is", (t) => {
  const { session, db } = setUp(t);
  const whole = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9", {
    gateway: "10.0.0.1",
    exclusions: ["10.0.0.2-10.0.0.3"],
  });
  ask(session, "setShares", serving(whole));
  for (const ip of ["10.0.0.1", "10.0.0.2", "10.0.0.5", "10.0.0.77"])
    ask(session, "allocate", wish(ip, ["p"], { ips: [ip] }));
  ask(session, "allocate", wish("dynamic"));
  t.same(check(session), []);
  db.exec("DELETE FROM reservations WHERE container_id = '10.0.0.5'");
  t.same(check(session), [
    'integrity: 5 addresses of the pool "p", poolType "ippool" are free, 4 are taken for free',
    'integrity: the pool "p", poolType "ippool" holds 4 reservations, 5 are counted',
  ]);
  t.end();
});

test("one is not several", (t) => {
  const { session, db } = setUp(t);
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.2")));
  for (const container of ["a", "b"]) ask(session, "allocate", wish(container));
  db.exec("DELETE FROM reservations WHERE container_id = 'b'");
  t.same(check(session), [
    'integrity: 1 address of the pool "p", poolType "ippool" is free, 0 are taken for free',
    'integrity: the pool "p", poolType "ippool" holds 1 reservation, 2 are counted',
  ]);
  ask(session, "setShares", serving());
  t.match(check(session)[0], /^no-share: 1 reservation in the pool "p"/);
  t.end();
});

test("of a kind no more is told than an answer holds", (t) => {
  const { session } = setUp(t);
  const shares = Array.from({ length: 600 }, (_, i) => share(`p${i}`, "10.0.0.0/24", "10.0.0.1-10.0.0.9"));
  ask(session, "setShares", serving(...shares));
  session.run(shares.map(({ pool }) => ({ name: "allocate", request: wish("c", [pool.name]) }) as const));
  ask(session, "setShares", serving());
  const found = check(session);
  t.equal(found.length, 501);
  t.equal(found[500], "no-share: … and 100 more findings of this kind");
  t.end();
});

test("duplicates are named as people write addresses", (t) => {
  const { session, db } = setUp(t);
  ask(
    session,
    "setShares",
    serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9"), share("q", "fd00::/64", "fd00::1-fd00::9")),
  );
  ask(session, "allocate", wish("a", ["p", "q"]));
  // No constraint lets this happen: the table is one without.
  db.exec(`PRAGMA foreign_keys = OFF; ALTER TABLE reservations RENAME TO kept;
    CREATE TABLE reservations AS SELECT * FROM kept; INSERT INTO reservations SELECT * FROM kept; DROP TABLE kept`);
  const found = ask(session, "checkStore", null).filter(({ kind }) => kind.startsWith("duplicate"));
  t.same(
    found.map(({ kind, pool, message }) => [kind, pool, message]),
    [
      ["duplicate-address", ref("p"), "address 10.0.0.1 is reserved more than once"],
      ["duplicate-address", ref("q"), "address fd00::1 is reserved more than once"],
      ["duplicate-attachment", ref("p"), "attachment a net1 is reserved more than once"],
      ["duplicate-attachment", ref("q"), "attachment a net1 is reserved more than once"],
    ],
  );
  t.end();
});
