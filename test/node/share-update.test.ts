// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import type { ShareUpdate } from "../../lib/node/call.ts";
import { ask, eth, openSession, ref, serving, share, wish } from "./store-fixture.ts";

const p = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.50");
const q = share("q", "10.1.0.0/24", "10.1.0.1-10.1.0.50");

function setUp(t: Test) {
  const path = join(t.testdir(), "store");
  let session = openSession(path);
  t.teardown(() => session.close());
  return {
    set: (update: ShareUpdate) => ask(session, "setShares", update),
    allocate: (container: string, pool = "p") =>
      formatAddress(ask(session, "allocate", wish(container, [pool]))[0]!.address),
    release: (container: string, pool = "p") =>
      ask(session, "deallocate", { pools: [ref(pool)], attachment: eth(container) }),
    pools: () => ask(session, "listPools", null),
    names: () => ask(session, "listPools", null).map(({ pool }) => pool.name),
    why: (pool: string) => ask(session, "checkPools", { pools: [ref(pool)] })[0]?.reason,
    check: () => ask(session, "checkStore", null),
    restart: () => {
      session.close();
      session = openSession(path);
    },
  };
}

test("before the pools are known a pool without a restored share is unavailable", (t) => {
  const store = setUp(t);
  t.throws(() => store.allocate("a"), {
    message:
      '14: configuration for pool "p", poolType "ippool" is not known yet: the pools have not been read since the start',
  });
  t.match(store.why("p"), /^not known yet/);
  store.set(serving(p));
  t.throws(() => store.allocate("a", "q"), {
    message: '5: configuration for pool "q", poolType "ippool" not found',
  });
  t.equal(store.allocate("a"), "10.0.0.1");
  store.restart();
  t.equal(store.allocate("b"), "10.0.0.2", "the last good share is restored");
  t.match(store.pools()[0]?.staleReason, /^restored/);
  t.throws(() => store.allocate("a", "q"), /^14: /);
  store.set(serving(p));
  t.equal(store.pools()[0]?.staleReason, undefined);
  t.end();
});

test("a pool that is kept, or not known of, goes on with its last good share and the reason", (t) => {
  const store = setUp(t);
  store.set(serving(p, q));
  store.set({ shares: [q], keep: [{ pool: ref("p"), reason: "spec.subnet: no network" }] });
  t.equal(store.allocate("a"), "10.0.0.1");
  t.same(
    store.pools().map(({ staleReason }) => staleReason),
    ["spec.subnet: no network", undefined],
  );
  store.set({ shares: [p], keep: [], keepUnlisted: "q.yaml cannot be read" });
  t.equal(store.allocate("a", "q"), "10.1.0.1");
  t.same(
    store.pools().map(({ staleReason }) => staleReason),
    [undefined, "q.yaml cannot be read"],
  );
  store.set({ shares: [], keep: [{ pool: ref("new"), reason: "spec.subnet is missing" }] });
  t.equal(store.why("new"), "spec.subnet is missing");
  t.throws(() => store.allocate("a", "new"), /5: configuration for pool "new", poolType "ippool" not found$/);
  t.end();
});

test("a block that is this node's and cannot be served is an invalid configuration", (t) => {
  const store = setUp(t);
  const entry = { pool: ref("p"), reason: "startIP x is no address", isAssigned: true };
  store.set({ shares: [], keep: [entry] });
  const message = '13: invalid config for pool "p", poolType "ippool": startIP x is no address';
  t.throws(() => store.allocate("a"), { message });
  t.equal(store.why("p"), entry.reason);
  store.set(serving(p));
  t.equal(store.allocate("a"), "10.0.0.1");
  store.set({ shares: [], keep: [entry] });
  t.equal(store.allocate("b"), "10.0.0.2", "the last good share goes first");
  store.set(serving());
  t.throws(() => store.allocate("c"), /^5: /, "it is not said of a pool that is gone");
  t.end();
});

test("a pool that is gone keeps its reservations and is forgotten with the last one", (t) => {
  const store = setUp(t);
  store.set(serving(p, q));
  store.allocate("a");
  store.allocate("b");
  store.set(serving());
  t.same(store.names(), ["p"], "q held nothing and is forgotten");
  t.equal(store.pools()[0]?.share, undefined);
  t.equal(store.pools()[0]?.used, 2n);
  t.match(store.check(), [{ kind: "no-share", pool: ref("p"), message: /^2 reservations in the pool "p"/ }]);
  t.throws(() => store.allocate("c"), /5: configuration for pool "p"/);
  store.restart();
  t.equal(store.release("a"), 1);
  store.set(serving(p));
  t.equal(store.allocate("c"), "10.0.0.3", "the position is kept while there is a reservation");
  store.set(serving());
  t.equal(store.release("b"), 1);
  t.equal(store.release("c"), 1);
  t.same(store.names(), []);
  store.set(serving(p));
  t.equal(store.allocate("d"), "10.0.0.1", "and gone with the last one");
  t.end();
});

test("a changed share never touches a reservation", (t) => {
  const store = setUp(t);
  store.set(serving(p));
  for (const name of ["a", "b", "c"]) store.allocate(name);
  store.set(serving(share("p", "10.0.0.0/24", "10.0.0.3-10.0.0.5")));
  t.same(
    store.check().map(({ kind, message }) => `${kind}: ${message.split(",")[0]}`),
    [
      "outside-share: 10.0.0.1 was chosen from an earlier share",
      "outside-share: 10.0.0.2 was chosen from an earlier share",
    ],
  );
  t.equal(store.pools()[0]?.used, 3n);
  t.equal(store.pools()[0]?.free, 2n);
  t.equal(store.allocate("d"), "10.0.0.4", "the position goes on where it lies in the new range");
  store.set(serving(share("p", "fd00::/64", "fd00::1-fd00::9")));
  t.equal(store.allocate("e"), "fd00::1", "and begins anew where it does not");
  t.equal(store.release("a"), 1);
  t.equal(store.check().length, 3, "a, of the other family, has gone; b, c and d have not");
  store.set(serving(p));
  t.equal(store.allocate("f"), "10.0.0.1");
  t.end();
});

test("a kind that has not been read keeps what the store has of it, and another pool of it may exist", (t) => {
  const store = setUp(t);
  const six = share("six", "10.6.0.0/24", "10.6.0.1-10.6.0.50", { type: "cidrpool" });
  store.set(serving(p, six));
  store.restart();
  store.set({ shares: [], keep: [], unread: ["cidrpool"] });
  t.match(
    store.pools(),
    [{ pool: ref("six", "cidrpool"), staleReason: /^restored/ }],
    "the other kind's went",
  );
  t.throws(() => store.allocate("a", "q"), /^5: /, "an unknown pool of the kind that was read");
  t.match(store.why("q"), /no such pool/);
  store.set({ shares: [], keep: [] });
  t.same(store.pools(), []);
  t.end();
});
