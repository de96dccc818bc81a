// SPDX-License-Identifier: Apache-2.0
// What triggers a reconcile, what it writes, and what it leaves alone.
import { test } from "tap";
import type { PoolStatus } from "../../lib/controller/pool-status.ts";
import { after, KEY, makeWorld, stored, type World } from "./pool-world.ts";

const selector = (key: string) => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "Exists" }] }],
});
const take = ({ triggered }: World): string[] => triggered.splice(0);
const namesOf = ({ allocations }: PoolStatus): string[] =>
  allocations.map((entry) => (entry as { nodeName: string }).nodeName);

/** A world with the pool and these nodes, reconciled once, the write seen by the watch. */
async function settled(...nodes: string[]): Promise<World> {
  const world = makeWorld();
  world.addNodes(...nodes);
  world.put(stored());
  await world.controller.reconcile(KEY);
  world.put(after(stored(), world.writes[0]!.status));
  take(world);
  return world;
}

test("a pool triggers when it comes, when its spec or status changes by others, when it goes", async (t) => {
  const world = makeWorld();
  world.addNodes("a");
  world.put(stored());
  t.same(take(world), [KEY], "it came");
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: true });
  const { status } = world.writes[0]!;
  const ours = after(stored(), status);
  world.put(ours);
  t.same(take(world), [], "our own write comes back");
  world.put({ ...ours, resourceVersion: "5" });
  t.same(take(world), [], "an annotation");
  const edited = { ...ours, resourceVersion: "6", generation: 2 };
  world.put(edited);
  t.same(take(world), [KEY], "another spec");
  world.put({ ...after(ours, { ...status, freeBlocks: 0 }), resourceVersion: "7" });
  t.same(take(world), [KEY], "another status");
  world.put({ ...after(ours, { allocations: [] }), resourceVersion: "8" });
  t.same(take(world), [KEY], "other allocations");
  world.put({ ...ours, uid: "u2", resourceVersion: "9" });
  t.same(take(world), [KEY], "another pool of the name");
  world.pools.set(KEY, undefined);
  t.same(take(world), [KEY], "it went");
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: false });
});

test("our own write comes back before its answer does; somebody else's change may come with it", async (t) => {
  for (const isOvertaken of [false, true]) {
    const world = makeWorld();
    world.put(stored());
    take(world);
    world.answer = (pool, status) => {
      const answer = after(pool, status);
      world.put(answer);
      if (isOvertaken) world.put({ ...answer, resourceVersion: "3", generation: 2 });
      return Promise.resolve(answer);
    };
    const again = isOvertaken ? { againInMs: 0 } : {};
    t.same(await world.controller.reconcile(KEY), { state: "done", wrote: true, ...again });
    t.same(take(world), []);
    world.answer = (pool, status) => Promise.resolve(after(pool, status));
    t.same(await world.controller.reconcile(KEY), { state: "done", wrote: isOvertaken });
    t.equal(world.writes.at(-1)?.base, isOvertaken ? "3" : "1");
  }
});

test("a node triggers only the pools that it comes to or leaves", async (t) => {
  const world = makeWorld();
  world.put(stored({ name: "all" }));
  const selected = { subnet: "10.0.0.0/24", perNodeBlockSize: 1, nodeSelector: selector("x") };
  world.put(stored({ name: "x", spec: selected }));
  world.put(stored({ name: "bad", spec: {} }));
  take(world);
  world.nodes.set("a", { name: "a", labels: {} });
  t.same(take(world), ["ns/all"], "it came");
  world.nodes.set("a", { name: "a", labels: { y: "1" } });
  t.same(take(world), [], "a label that no pool asks for");
  world.nodes.set("a", { name: "a", labels: { x: "1" } });
  t.same(take(world), ["ns/x"]);
  world.nodes.set("a", { name: "a", labels: { x: "2" } });
  t.same(take(world), [], "it belongs to the pool still");
  world.nodes.set("a", undefined);
  t.same(take(world), ["ns/all", "ns/x"], "it went");
});

test("nothing is written when nothing has changed", async (t) => {
  const world = await settled("a", "b");
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: false });
  t.equal(world.writes.length, 1);
  t.same(world.outcomes, ["written", "unchanged"]);
  t.match(world.logged, [{ message: "status written", fields: { nodes: 2, free: 23 } }]);
});

test("between a write and the watch that brings it, the write's answer counts", async (t) => {
  const world = makeWorld();
  world.addNodes("a");
  world.put(stored());
  await world.controller.reconcile(KEY);
  world.addNodes("0");
  await world.controller.reconcile(KEY);
  t.match(world.writes, [{ base: "1" }, { base: "2" }]);
  t.match(world.writes[1]!.status.allocations, [
    { nodeName: "0", startIP: "10.0.0.11" },
    { nodeName: "a", startIP: "10.0.0.1" },
  ]);
  const elsewhere = after({ ...stored(), resourceVersion: "7" }, { allocations: [] });
  world.put(elsewhere);
  await world.controller.reconcile(KEY);
  t.match(world.writes[2], {
    base: "8",
    status: { allocations: [{ nodeName: "0", startIP: "10.0.0.1" }, {}] },
  });
});

test("a conflict is tried again from the newer object, which triggers whatever changed in it", async (t) => {
  const world = makeWorld();
  world.addNodes("a");
  world.put(stored());
  world.answer = () => Promise.resolve("conflict");
  t.same(await world.controller.reconcile(KEY), { state: "stale" });
  take(world);
  world.put(stored({ resourceVersion: "3" }));
  t.same(take(world), [KEY]);
  world.answer = (pool, status) => Promise.resolve(after(pool, status));
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: true });
  t.equal(world.writes.at(-1)?.base, "3");
  t.same(world.events, []);
});

test("a pool that is gone by the time of the write; a write that fails", async (t) => {
  const world = makeWorld();
  world.put(stored());
  world.answer = () => Promise.resolve("gone");
  t.same(await world.controller.reconcile(KEY), { state: "stale" }, "until the watch says so too");
  world.answer = () => Promise.reject(new Error("no"));
  await t.rejects(world.controller.reconcile(KEY), { message: "no" });
  world.pools.set(KEY, undefined);
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: false });
  t.same(world.outcomes, ["stale", "failed", "gone"]);
});

test("an old cache is not computed from", async (t) => {
  for (const which of ["pools", "nodes"] as const) {
    const world = await settled("a");
    world.nodes.set("a", undefined);
    world[which].trouble = "connection refused";
    t.same(await world.controller.reconcile(KEY), { state: "stale" });
    t.equal(world.writes.length, 1);
    world[which].trouble = undefined;
    await world.controller.reconcile(KEY);
    t.same(namesOf(world.writes[1]!.status), []);
  }
});

test("an API that drops our fields is not written to again for them alone", async (t) => {
  const world = makeWorld();
  world.addNodes("a");
  world.answer = (pool, { allocations }) => Promise.resolve(after(pool, { allocations }));
  world.put(stored());
  await world.controller.reconcile(KEY);
  const { allocations } = world.writes[0]!.status;
  world.put(after(stored(), { allocations }));
  for (let i = 0; i < 3; i++) t.same(await world.controller.reconcile(KEY), { state: "done", wrote: false });
  t.equal(world.writes.length, 1);
  take(world);
  const edited = { ...after(stored(), { allocations }), generation: 2, resourceVersion: "9" };
  world.put(edited);
  t.same(take(world), [KEY]);
  await world.controller.reconcile(KEY);
  t.equal(world.writes.length, 2, "a new spec is one more attempt");
  world.addNodes("b");
  await world.controller.reconcile(KEY);
  t.same(namesOf(world.writes[2]!.status), ["a", "b"]);
});

test("an empty gateway as Go writes it is no change", async (t) => {
  const world = makeWorld();
  const spec = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };
  const made = { allocations: [{ nodeName: "a", prefix: "10.0.0.0/24", gateway: "" }] };
  world.addNodes("a");
  world.answer = (pool, { allocations }) => Promise.resolve(after(pool, { allocations }));
  world.put(stored({ kind: "CIDRPool", spec, status: made }));
  await world.controller.reconcile(KEY);
  world.put(stored({ kind: "CIDRPool", spec, status: made, resourceVersion: "4" }));
  t.same(await world.controller.reconcile(KEY), { state: "done", wrote: false });
});
