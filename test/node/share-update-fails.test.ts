// SPDX-License-Identifier: Apache-2.0
// An update of the shares that the disk refuses: it is tried again until it is stored, and until then nothing of it counts.
import { join } from "node:path";
import { test } from "tap";
import { openStore } from "../../lib/node/store-open.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import { cidrPool, ipPool, stoppedClock, watched } from "./pools-dir-setup.ts";
import { ask, ref, serving, share, told, wish } from "./store-fixture.ts";

test("shares that do not fit on the disk are applied as soon as they do", async (t) => {
  const path = join(t.testdir(), "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  const { db } = opened;
  // None is kept for later: so the disk is full when the test says so.
  const session = new StoreSession(path, db, { extend() {}, isEnough: () => true });
  session.load();
  const timers = stoppedClock();
  const setup = await watched(t, {
    clock: timers.clock,
    apply: async (update) => void ask(session, "setShares", update),
    lastShares: async () => ask(session, "listPools", null).flatMap(({ share }) => share ?? []),
  });
  const allocate = (pool: string) =>
    told(session.run([{ name: "allocate", request: wish("a", [pool]) }]).outcomes)[0];
  const limit = (pages: number) => db.exec(`PRAGMA max_page_count = ${pages}`);

  // A share with so many routes that its text needs pages of its own.
  const routes = Array.from({ length: 2000 }, (_, i) => `{dst: 10.${i >> 8}.${i & 255}.0/24}`).join(", ");
  const large = ipPool("p", `, gateway: 10.0.0.1, routes: [${routes}]`);
  await setup.write("p.yaml", large);
  limit(Number(db.prepare("PRAGMA page_count").get()?.page_count));
  await setup.watch.start();
  t.equal(setup.updates.length, 0);
  t.match(allocate("p"), /^14: .*not known yet/, "the failed update has not made the pools known");
  await timers.look();
  await timers.look();
  t.equal(setup.updates.length, 0);
  t.equal(setup.log.filter((line) => /disk is full/.test(line)).length, 1, "said once");

  limit(1000);
  await timers.look();
  t.same(await setup.next(), ["ippool/p 10.0.0.1-10.0.0.10"]);
  t.equal(allocate("p"), "ok");
  t.match(allocate("q"), /^5: /);

  // One that does not fit leaves what is served, and why it is an old share, as it was.
  await setup.write("p.yaml", ipPool("p", ", typo: 1"));
  await timers.look();
  t.equal(setup.updates.length, 2);
  const states = () =>
    ask(session, "listPools", null).map(
      ({ pool, used, staleReason = "" }) => `${pool.name} ${used} ${staleReason}`,
    );
  const kept = states();
  t.match(kept, [/^p 1 .*typo/]);
  await setup.write("p.yaml", `${large}${cidrPool("q", `, routes: [${routes}]`)}`);
  limit(Number(db.prepare("PRAGMA page_count").get()?.page_count));
  await timers.look();
  t.equal(setup.updates.length, 2);
  t.same(states(), kept);
  limit(1000);
  await timers.look();
  t.equal(setup.updates.length, 3);
  t.same(states(), ["q 0 ", "p 1 "]);
  await setup.watch.stop();
  session.close();
});

test("shares whose commit fails have not made the pools known", (t) => {
  const path = join(t.testdir(), "store");
  const opened = openStore(path);
  if (opened.status !== "ok") throw new Error(opened.message);
  const { db } = opened;
  const session = new StoreSession(path, db);
  session.load();
  // A deferred foreign key is looked at by COMMIT only.
  db.exec(`CREATE TABLE late (x INTEGER REFERENCES pools (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TEMP TRIGGER spoil AFTER INSERT ON pools BEGIN INSERT INTO late VALUES (4711); END`);
  const update = serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9"));
  t.throws(() => ask(session, "setShares", update), /^13: failed to close session: FOREIGN KEY/);
  t.throws(() => ask(session, "allocate", wish("a")), /^14: .*not known yet/);
  db.exec("DROP TRIGGER spoil");
  ask(session, "setShares", update);
  const keep = [{ pool: ref("p"), reason: "spec.subnet: no network" }];
  ask(session, "setShares", { shares: [], keep });
  db.exec(`CREATE TEMP TRIGGER spoil AFTER UPDATE ON pools BEGIN INSERT INTO late VALUES (4711); END`);
  const other = serving(share("p", "10.0.0.0/24", "10.0.0.20-10.0.0.29"));
  t.throws(() => ask(session, "setShares", other), /^13: /);
  const [pool] = ask(session, "listPools", null);
  t.equal(pool?.share?.range.first, update.shares[0]!.range.first);
  t.equal(pool?.staleReason, "spec.subnet: no network");
  session.close();
  t.end();
});
