// SPDX-License-Identifier: Apache-2.0
// When the cleaner looks, what it counts, and how it asks.
import { type Test, test } from "tap";
import { pod, ROUND_MS, setUp } from "./cleaner-setup.ts";

async function withLostPod(t: Test) {
  const site = setUp(t);
  await site.serve();
  await site.reserve("web");
  await site.begin();
  return site;
}

test("it begins when the pods are known, and looks every minute", async (t) => {
  const site = setUp(t);
  await site.serve();
  await site.reserve("web");
  site.cleaner.start();
  await site.rounds(10);
  t.same(site.api.lookups, []);
  site.syncPods();
  await site.clock.pass(0);
  t.equal(site.api.lookups.length, 1);
  t.same(site.clock.pending, [ROUND_MS]);
  await site.cleaner.stop();
  t.same(site.clock.pending, []);
});

test("found again, the count is dropped", async (t) => {
  const site = await withLostPod(t);
  await site.rounds(2);
  site.live.set("default/web", pod("web"));
  await site.rounds(1);
  site.live.clear();
  await site.rounds(3);
  t.same(await site.held(), ["web-1"]);
  await site.rounds(1);
  t.same(await site.held(), []);
});

test("an API that does not answer ends the round and counts nothing, for ever", async (t) => {
  const site = await withLostPod(t);
  await site.reserve("other");
  await site.rounds(2);
  site.api.failure = "connect ECONNREFUSED";
  site.api.lookups = [];
  await site.rounds(100);
  t.same(await site.held(), ["web-1", "other-1"]);
  t.equal(site.api.lookups.length, 100, "one question a round");
  t.equal(site.events.filter(({ level }) => level === "error").length, 1, "said once");
  t.same(site.outcomes.slice(0, 4), ["complete", "complete", "complete", "failed"]);
  delete site.api.failure;
  await site.rounds(1);
  t.same(await site.held(), ["other-1"], "what had been counted before still counts");
  t.match(site.events.at(-1), { message: "stale reservations are looked for again" });
});

test("a reservation made anew for the same interface while the API is asked is another one", async (t) => {
  const site = await withLostPod(t);
  await site.rounds(2);
  const attachment = { containerId: "web-1", interfaceName: "net1" };
  const pools = [{ type: "ippool", name: "p" }] as const;
  let renewed: Promise<void> | undefined;
  const renew = async () => {
    await site.desk.call("deallocate", { pools, attachment });
    while (Date.now() <= before) await new Promise(setImmediate);
    const address = { family: 4, value: 0x0a000001n } as const;
    await site.desk.call("allocate", {
      ...{ pools, attachment, requestedIps: [address], allocateDefaultGateway: false },
      metadata: { podName: "x", podNamespace: "x", podUid: "", deviceId: "", networkName: "" },
    });
  };
  const before = Date.now();
  site.api.during = () => {
    renewed ??= renew();
  };
  await site.rounds(1);
  await renewed;
  t.same(await site.held(), ["web-1"]);
  t.same(site.released, []);
});

test("a pod that none can be is not asked for: one bad name would end every round", async (t) => {
  const site = setUp(t);
  await site.serve();
  for (const [i, podName] of ["..", "a/b", "Web", "a..b".repeat(100)].entries())
    await site.reserve(podName, { container: `c${i}` });
  await site.reserve("web", { podNamespace: ".." });
  await site.begin();
  t.same(site.api.lookups, []);
  await site.rounds(3);
  t.same(await site.held(), []);
});

test("the log has all of what was released", async (t) => {
  const site = await withLostPod(t);
  await site.rounds(3);
  t.match(site.events, [
    {
      message: "stale reservation released",
      fields: {
        reason: "its pod is gone",
        pool: "ippool/p",
        address: "10.0.0.1",
        containerId: "web-1",
        interfaceName: "net1",
        pod: "default/web",
        podUid: "uid-web",
      },
    },
  ]);
});

test("the store is asked by pages and never while the API is", async (t) => {
  const site = setUp(t, { lookups: 1 });
  await site.serve();
  for (let i = 0; i < 220; i++) await site.reserve(`pod-${i}`);
  for (let i = 1; i < 220; i++) site.cache.set(`default/pod-${i}`, pod(`pod-${i}`));
  site.calls.length = 0;
  let during = 0;
  site.api.during = () => {
    during = site.calls.length;
  };
  await site.begin();
  t.same(site.calls, Array(6).fill("listReservations"), "three pages, gone through twice");
  t.equal(during, 3);
});

test("many lost pods are asked for in turns, and all go in the end", async (t) => {
  const site = setUp(t, { lookups: 10 });
  await site.serve();
  for (let i = 0; i < 25; i++) await site.reserve(`pod-${i}`);
  await site.begin();
  t.equal(site.api.lookups.length, 10);
  await site.rounds(3);
  t.equal((await site.held()).length, 15);
  await site.rounds(8);
  t.same(await site.held(), []);
});
