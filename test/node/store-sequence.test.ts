// SPDX-License-Identifier: Apache-2.0
// Which of two reservations is the older one, as the store counts.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "tap";
import { ask, eth, openSession, ref, serving, share, wish } from "./store-fixture.ts";

test("each reservation has a higher number than any before it, also across restarts", (t) => {
  const path = join(t.testdir(), "store");
  let session = openSession(path);
  const numbers = () =>
    ask(session, "listReservations", { filter: {}, limit: 100 }).reservations.map(
      ({ containerId, sequence }) => `${containerId} ${sequence}`,
    );
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.50")));
  for (const container of ["a", "b", "c"]) ask(session, "allocate", wish(container));
  ask(session, "deallocate", { pools: [ref("p")], attachment: eth("b") });
  t.throws(() => ask(session, "allocate", wish("a")), /already exist/);
  session.close();

  const db = new DatabaseSync(path);
  db.exec("UPDATE reservations SET sequence = NULL WHERE container_id = 'a'");
  db.close();
  session = openSession(path);
  t.same(numbers(), ["a undefined", "c 3"], "what did not count has no number");
  ask(session, "allocate", wish("d"));
  t.same(numbers(), ["a undefined", "c 3", "d 4"]);
  session.close();
  t.end();
});

test("a release that names a time leaves what was made at another one", (t) => {
  const session = openSession(join(t.testdir(), "store"));
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.50")));
  ask(session, "allocate", wish("a"));
  const [record] = ask(session, "listReservations", { filter: {}, limit: 1 }).reservations;
  const { pool, address, createdAtMs } = record!;
  const target = { pool, address, attachment: eth("a") };
  t.equal(ask(session, "releaseReservations", [{ ...target, createdAtMs: createdAtMs - 1 }]), 0);
  t.equal(ask(session, "releaseReservations", [{ ...target, createdAtMs }]), 1);
  session.close();
  t.end();
});
