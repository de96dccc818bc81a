// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { type PodEvent, PoolEvents } from "../../lib/node/pool-events.ts";
import { nobody, ref } from "./store-fixture.ts";

function setUp(known: Readonly<Record<string, { uid: string; isMirror: boolean }>> = {}) {
  const events: PodEvent[] = [];
  const clock = { ms: 0 };
  const pool = new PoolEvents({
    record: (event) => events.push(event),
    findPod: (key) => known[key],
    nowMs: () => clock.ms,
  });
  const tell = (podName: string, more: { pool?: string; uid?: string } = {}) =>
    pool.exhausted(ref(more.pool ?? "p"), {
      ...nobody,
      podNamespace: "default",
      podName,
      podUid: more.uid ?? `uid-${podName}`,
    });
  return { events, clock, tell, pool };
}

test("a Warning on the pod, in the words of the error", (t) => {
  const { events, tell } = setUp();
  tell("web");
  t.same(events, [
    {
      about: { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web", uid: "uid-web" },
      type: "Warning",
      reason: "NoFreeAddresses",
      message: 'no free addresses in the pool "p", poolType "ippool"',
    },
  ]);
  t.end();
});

test("one for each pod and pool in five minutes", (t) => {
  const { events, clock, tell } = setUp();
  for (clock.ms = 0; clock.ms < 300_000; clock.ms += 10_000) tell("web");
  t.equal(events.length, 1);
  tell("web");
  t.equal(events.length, 2);
  tell("web", { pool: "q" });
  tell("web", { uid: "another" });
  t.equal(events.length, 4);
  t.end();
});

test("a node full of waiting pods says twenty in a minute", (t) => {
  const { events, clock, tell } = setUp();
  for (let i = 0; i < 100; i++) tell(`pod-${i}`);
  t.equal(events.length, 20);
  clock.ms = 60_000;
  for (let i = 0; i < 100; i++) tell(`pod-${i}`);
  t.equal(events.length, 40);
  t.equal(new Set(events.map(({ about }) => about.name)).size, 40, "others than before");
  t.end();
});

test("a static pod is told of by its mirror's UID, a pod without UID by the API's", (t) => {
  const { events, tell, pool } = setUp({
    "default/static": { uid: "mirror", isMirror: true },
    "default/plain": { uid: "api", isMirror: false },
  });
  tell("static", { uid: "from-file" });
  tell("plain", { uid: "" });
  tell("plain", { uid: "older" });
  tell("unknown", { uid: "" });
  t.same(
    events.map(({ about }) => about.uid),
    ["mirror", "api", "older", ""],
  );
  pool.exhausted(ref("p"), nobody);
  t.equal(events.length, 4, "nobody's");
  t.end();
});
