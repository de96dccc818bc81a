// SPDX-License-Identifier: Apache-2.0
// When the pools of a cluster reach the store: recorded updates, a clock moved by hand.
import { test } from "tap";
import type { ShareUpdate } from "../../lib/node/call.ts";
import { ClusterShareSource, type PoolCache } from "../../lib/node/cluster-share-source.ts";
import type { OwnPool } from "../../lib/node/cluster-shares.ts";
import { recordingLog } from "../support/log.ts";
import { HandClock, settled } from "./hand-clock.ts";
import { ref, share } from "./store-fixture.ts";

/** The pools of one kind, shown as a test says. */
class HandCache implements PoolCache {
  synced = false;
  trouble: string | undefined;
  #pools: readonly OwnPool[] = [];
  readonly #listeners: (() => void)[] = [];
  readonly #sync = Promise.withResolvers<void>();

  list = () => [...this.#pools];
  onChange = (listener: () => void) => void this.#listeners.push(listener);
  whenSynced = () => this.#sync.promise;

  show(...pools: OwnPool[]): void {
    this.#pools = pools;
    for (const listener of this.#listeners) listener();
  }

  sync(): void {
    this.synced = true;
    this.trouble = undefined;
    this.#sync.resolve();
  }
}

const serves = (name: string): OwnPool => ({
  pool: ref(name),
  outcome: { share: share(name, "10.0.0.0/24", "10.0.0.1-10.0.0.50") },
});
const keeps = (name: string, reason: string): OwnPool => ({
  pool: ref(name),
  outcome: { keep: reason, isAssigned: false },
});

function setUp() {
  const clock = new HandClock();
  const { log, events } = recordingLog();
  const caches = { ippool: new HandCache(), cidrpool: new HandCache() };
  const store: { updates: ShareUpdate[]; refuse?: string } = { updates: [] };
  const source = new ClusterShareSource({
    caches,
    log,
    after: clock.after,
    target: {
      async apply(update) {
        if (store.refuse !== undefined) throw new Error(store.refuse);
        store.updates.push(update);
      },
    },
  });
  const names = () => store.updates.map(({ shares }) => shares.map(({ pool }) => pool.name).join(","));
  return { ...caches, clock, events, store, source, names };
}

test("nothing is applied before a kind has been listed, then that kind alone, then all", async (t) => {
  const { ippool, source, store, names } = setUp();
  source.start();
  ippool.trouble = "connect ECONNREFUSED";
  ippool.show(serves("half"));
  await settled();
  t.same(store.updates, []);
  t.equal(
    source.missing(),
    "the IPPools have not been read since the start: connect ECONNREFUSED; the CIDRPools have not been read since the start",
  );
  t.match(source.staleReason(ref("p")), /^the IPPools have not been read since the start: connect/);
  ippool.show(serves("p"));
  ippool.sync();
  await settled();
  t.same(names(), ["p"]);
  t.same(store.updates[0]?.unread, ["cidrpool"]);
  t.equal(source.missing(), "the CIDRPools have not been read since the start");
  t.equal(source.staleReason(ref("p")), undefined);
  await source.stop();
});

test("the first look ends when both kinds are stored, or when it has taken too long", async (t) => {
  for (const answers of [true, false]) {
    const { ippool, cidrpool, clock, source, store } = setUp();
    let isOver = false;
    source.start();
    const look = source.firstLook(1000).then(() => {
      isOver = true;
    });
    ippool.sync();
    await clock.pass(900);
    t.equal(isOver, false, "one kind is not enough");
    if (answers) cidrpool.sync();
    await clock.pass(100);
    await look;
    t.equal(store.updates.length, answers ? 2 : 1);
    await source.stop();
    t.same(clock.pending, [], "nothing is left of it");
  }
});

test("the first change goes at once, those of the next 50 ms together", async (t) => {
  const { ippool, cidrpool, clock, source, names, store } = setUp();
  source.start();
  ippool.sync();
  cidrpool.sync();
  await settled();
  t.same(names(), [""]);
  t.equal(store.updates[0]?.unread, undefined);
  t.equal(source.missing(), undefined);
  for (const name of ["a", "b", "c"]) ippool.show(serves(name));
  await clock.pass(49);
  t.same(names(), [""]);
  await clock.pass(1);
  t.same(names(), ["", "c"]);
  await clock.pass(1000);
  t.same(names(), ["", "c"], "without a change nothing is applied");
  t.same(clock.pending, []);
  ippool.show(serves("d"));
  await settled();
  t.same(names(), ["", "c", "d"], "after a quiet time at once");
  await source.stop();
  ippool.show(serves("e"));
  await clock.pass(1000);
  t.equal(names().length, 3, "nothing after the stop");
});

test("what the store refuses is tried again, ever more slowly, and said once", async (t) => {
  const { ippool, cidrpool, clock, source, store, names, events } = setUp();
  source.start();
  store.refuse = "database or disk is full";
  ippool.show(serves("a"));
  ippool.sync();
  cidrpool.sync();
  await settled();
  t.equal(source.missing(), "the store has not taken the pools yet: database or disk is full");
  const pauses: number[] = [];
  for (let i = 0; i < 10; i++) {
    pauses.push(clock.pending[0]!);
    await clock.pass(clock.pending[0]!);
  }
  t.same(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  t.equal(events.filter(({ level }) => level === "error").length, 1);
  delete store.refuse;
  await clock.pass(10_000);
  t.same(names(), ["a"]);
  t.equal(source.missing(), undefined);
  await source.stop();
});

test("a store that has healed is told at once, and one that has all of it is left alone", async (t) => {
  const { ippool, cidrpool, clock, source, store, names } = setUp();
  source.start();
  store.refuse = "store is damaged";
  ippool.show(serves("a"));
  ippool.sync();
  cidrpool.sync();
  await settled();
  for (let i = 0; i < 8; i++) await clock.pass(clock.pending[0]!);
  t.same(clock.pending, [10_000]);
  delete store.refuse;
  source.retry();
  await settled();
  t.same(names(), ["a"]);
  t.equal(source.missing(), undefined);
  await clock.pass(50);
  source.retry();
  await settled();
  t.same(names(), ["a"]);
  await source.stop();
});

test("why a pool's share is an old one, also in the log", async (t) => {
  const { ippool, cidrpool, clock, source, events } = setUp();
  source.start();
  ippool.show(serves("a"), keeps("b", "spec.subnet: no network"), {
    pool: ref("c"),
    outcome: { none: "no block" },
  });
  ippool.sync();
  cidrpool.sync();
  await settled();
  t.equal(source.staleReason(ref("a")), undefined);
  t.equal(source.staleReason(ref("b")), "spec.subnet: no network");
  ippool.trouble = "the watch is cut";
  t.equal(source.staleReason(ref("a")), "the IPPools cannot be followed: the watch is cut");
  t.equal(source.staleReason(ref("b")), "spec.subnet: no network");
  t.equal(source.staleReason(ref("six", "cidrpool")), undefined);
  const said = () => events.map(({ level, message, fields }) => `${level} ${message} ${fields?.pool}`);
  t.same(said(), [
    "info pool served ippool/a",
    "error the pool's last good share stays ippool/b",
    "info no addresses for this node ippool/c",
  ]);
  ippool.show(serves("a"), keeps("b", "spec.subnet: no network"), serves("c"));
  await clock.pass(50);
  t.same(said().slice(3), ["info pool served ippool/c"], "what has been said is not said again");
  await source.stop();
});
