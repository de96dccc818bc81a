// SPDX-License-Identifier: Apache-2.0
// Events: each thing once, and never thousands.
import { test } from "tap";
import { KEY, makeWorld, stored, type World } from "./pool-world.ts";

const reasons = ({ events }: World): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { reason } of events) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
};
const names = (count: number, letter = "n") =>
  Array.from({ length: count }, (_, i) => `${letter}-${String(i).padStart(4, "0")}`);

/** Reconciles, and lets the watch bring what was written. */
async function reconcile(world: World): Promise<void> {
  const before = world.writes.length;
  await world.controller.reconcile(KEY);
  const { answer } = world.writes[before] ?? {};
  if (answer !== undefined) world.put(answer);
}

test("nodes without a block: one event each, once, until they have one or go", async (t) => {
  const world = makeWorld();
  world.addNodes("a", "b", "c");
  world.put(stored({ spec: { subnet: "10.0.0.0/30", perNodeBlockSize: 2 } }));
  await reconcile(world);
  t.same(
    world.events.map(({ message }) => message),
    ["failed to allocate IPs on Node: b", "failed to allocate IPs on Node: c"],
  );
  world.addNodes("d");
  await reconcile(world);
  await reconcile(world);
  t.equal(world.events.length, 3);
  world.nodes.set("c", undefined);
  await reconcile(world);
  world.addNodes("c");
  await reconcile(world);
  t.equal(world.events.at(-1)?.message, "failed to allocate IPs on Node: c");
  t.equal(world.events.length, 4);
});

test("2,000 nodes without a block are 100 events and one line", async (t) => {
  const world = makeWorld();
  world.addNodes(...names(2000));
  world.put(stored({ spec: { subnet: "10.0.0.0/30", perNodeBlockSize: 2 } }));
  await reconcile(world);
  await reconcile(world);
  t.same(reasons(world), { NoFreeRanges: 100 });
  t.match(world.writes[0]!.status.conditions, [{ message: /^1999 of 2000 nodes have no block: / }]);
  t.equal(world.logged.filter(({ level }) => level === "warn").length, 1);
});

test("an invalid spec once for each generation", async (t) => {
  const world = makeWorld();
  const bad = { subnet: "10.0.0.0/24", perNodeBlockSize: 1000, gateway: "10.1.0.1" };
  world.put(stored({ spec: bad }));
  await reconcile(world);
  await reconcile(world);
  t.same(reasons(world), { InvalidSpec: 1 });
  t.match(world.events[0]!.message, /^spec\.perNodeBlockSize: .*; spec\.gateway: /);
  world.put(stored({ spec: bad, generation: 2, resourceVersion: "5" }));
  await reconcile(world);
  t.same(reasons(world), { InvalidSpec: 2 });
  const long = { ...bad, routes: Array.from({ length: 200 }, () => ({ dst: "x" })) };
  world.put(stored({ spec: long, generation: 3, resourceVersion: "6" }));
  await reconcile(world);
  t.equal(world.events.at(-1)?.message.length, 1024);
});

test("overlaps: the younger is told, once for each pair of generations, whichever was edited", async (t) => {
  const world = makeWorld();
  const other = stored({
    name: "old",
    uid: "u0",
    createdAtMs: -5000,
    spec: { subnet: "10.0.1.0/24", perNodeBlockSize: 10 },
  });
  world.put(other);
  world.put(stored());
  await reconcile(world);
  await world.controller.reconcile("ns/old");
  t.same(reasons(world), {}, "neighbours");
  const wider = { ...other, generation: 2, resourceVersion: "3" };
  world.put({
    ...wider,
    object: { ...(other.object as object), spec: { subnet: "10.0.0.0/16", perNodeBlockSize: 10 } },
  });
  await world.controller.reconcile("ns/old");
  await world.controller.reconcile("ns/old");
  await reconcile(world);
  t.match(world.events, [
    {
      reason: "OverlappingPools",
      about: { name: "p" },
      message: /^10\.0\.0\.0\/24 overlaps 10\.0\.0\.0\/16 of IPPool old: /,
    },
  ]);
  t.equal(world.events.length, 1);
  world.put(stored({ generation: 2, resourceVersion: "9" }));
  await reconcile(world);
  t.equal(world.events.length, 2);
});

test("many pools with the same addresses: one report for each, whatever the order", async (t) => {
  const world = makeWorld();
  for (const age of [3, 1, 4, 2, 0, 5, 6, 7]) {
    world.put(stored({ name: `p${age}`, uid: `u${age}`, createdAtMs: -age }));
  }
  for (const age of [3, 1, 4, 2, 0, 5, 6, 7]) await world.controller.reconcile(`ns/p${age}`);
  const told = (name: string) => world.events.filter(({ about }) => about.name === name);
  t.equal(world.events.length, 7, "all but the oldest");
  t.same(told("p7"), []);
  t.match(told("p5"), [
    {
      message:
        /^10\.0\.0\.0\/24 overlaps 10\.0\.0\.0\/24 of IPPool p6, 10\.0\.0\.0\/24 of IPPool p7: these pools may/,
    },
  ]);
  t.match(told("p0"), [{ message: / and 2 more: these pools may give out the same addresses$/ }]);
});

test("a status that etcd would not take: said before, refused then, healed when nodes go", async (t) => {
  const world = makeWorld({ limitBytes: 40_000 });
  world.put(stored({ spec: { subnet: "10.0.0.0/8", perNodeBlockSize: 10 } }));
  world.addNodes(...names(200));
  await reconcile(world);
  t.same(reasons(world), {});
  world.addNodes(...names(100, "o"));
  await reconcile(world);
  await reconcile(world);
  t.same(reasons(world), { StatusNearlyFull: 1 });
  t.match(world.events[0]!.message, /holds about 3\d\d nodes, 300 are to have a block/);
  world.addNodes(...names(200, "p"));
  await reconcile(world);
  await reconcile(world);
  t.same(reasons(world), { StatusNearlyFull: 1, StatusTooLarge: 1 });
  const full = world.writes.at(-1)!.status;
  t.equal(full.allocations.length, 300, "the old one stays");
  t.match(full.conditions, [
    { status: "False", reason: "StatusTooLarge", message: /about 3\d\d nodes, not 500/ },
  ]);
  for (const name of names(200, "p")) world.nodes.set(name, undefined);
  await reconcile(world);
  t.match(world.writes.at(-1)!.status.conditions, [{ status: "True", reason: "Allocated" }]);
});

test("many blocks that change hands are bounded", async (t) => {
  const world = makeWorld();
  world.put(stored({ spec: { subnet: "10.0.0.0/8", perNodeBlockSize: 10 } }));
  world.addNodes(...names(300));
  await reconcile(world);
  for (const name of names(300)) world.nodes.set(name, undefined);
  world.addNodes(...names(300, "o"));
  await reconcile(world);
  t.same(reasons(world), { BlockReassigned: 100 });
  t.match(world.logged.at(-1), { message: "blocks changed hands", fields: { count: 300 } });
});
