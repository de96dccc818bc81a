// SPDX-License-Identifier: Apache-2.0
// A store that is recovered while the daemon runs on, and what its reservations are found by.
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { type Test, test } from "tap";
import { startStore } from "../../lib/node/store-desk.ts";
import { damagePages, fillStore, makeSite, pagesOf, recover, shares } from "./recover-setup.ts";
import {
  ask,
  crashingWorker,
  eth,
  nobody,
  openSession,
  ref,
  serving,
  wish,
  workerUrl,
} from "./store-fixture.ts";

test("after a recovery the new store is opened, with the shares that were to be served", async (t) => {
  const site = makeSite(t);
  const live = fillStore(site.storeFile, 60);
  damagePages(site.storeFile, pagesOf(site.storeFile, "reservations"), (page) => page.fill(0));
  const desk = await startStore({ storeFile: site.storeFile, workerUrl });
  t.teardown(() => desk.stop());
  t.match(desk.fault(), /is damaged/);
  await t.rejects(desk.call("setShares", serving(...shares)), { code: 14 });
  const healed = new Promise<string | undefined>((done) => desk.onFaultChange(done));
  await recover(site);
  t.equal(await healed, undefined);
  t.equal(desk.fault(), undefined);
  const [pool] = (await desk.call("listPools", null)).filter((one) => one.pool.name === "p");
  t.match(pool, {
    share: { pool: ref("p") },
    used: BigInt(live.filter((one) => one.pool.name === "p").length),
  });
  t.equal(pool!.staleReason, undefined, "the pools are known");
  t.equal((await desk.call("allocate", wish("new"))).length, 1);
});

test("a damaged store stays where it is, and is served again once it is whole", async (t) => {
  const site = makeSite(t);
  fillStore(site.storeFile, 60);
  const whole = readFileSync(site.storeFile);
  damagePages(site.storeFile, pagesOf(site.storeFile, "reservations"), (page) => page.fill(0));
  const damaged = readFileSync(site.storeFile);
  const desk = await startStore({ storeFile: site.storeFile, workerUrl });
  t.teardown(() => desk.stop());
  await t.rejects(desk.call("setShares", serving(...shares)), { code: 14 });
  const told = (): Promise<string | undefined> =>
    new Promise((done) => {
      const stop = desk.onFaultChange((fault) => {
        stop();
        done(fault);
      });
    });
  for (const time of ["once", "twice"]) t.match(await told(), /is damaged/, `tried ${time}`);
  t.same(readFileSync(site.storeFile), damaged);
  await t.rejects(desk.call("allocate", wish("early")), {
    code: 14,
    message: /"ipam-node recover --store-file/,
  });

  const before = statSync(site.storeFile).ino;
  writeFileSync(site.storeFile, whole); // in its place: it is the same file
  for (let fault = desk.fault(); fault !== undefined; ) fault = await told();
  t.equal(statSync(site.storeFile).ino, before);
  t.equal((await desk.call("allocate", wish("new"))).length, 1);
  t.same(await desk.call("checkStore", null), []);
});

/** The store threads of this process that begin from here on, by when they end. */
function watchThreads(t: Test): Promise<unknown>[] {
  const ends: Promise<unknown>[] = [];
  const add = (worker: Worker): unknown => ends.push(new Promise((done) => worker.once("exit", done)));
  process.on("worker", add);
  t.teardown(() => process.off("worker", add));
  return ends;
}

test("a store thread that crashed is not followed by another one, though another store lies there", async (t) => {
  const site = makeSite(t);
  fillStore(site.storeFile, 3);
  const other = `${site.storeFile}.other`;
  fillStore(other, 3);
  const threads = watchThreads(t);
  const desk = await startStore({ storeFile: site.storeFile, workerUrl: crashingWorker("allocate") });
  t.teardown(() => desk.stop());
  await desk.call("setShares", serving(...shares));
  const ended = "the store thread has ended: broken";
  // What would be done a second later is done in the next turn.
  t.capture(globalThis, "setTimeout", ((run: () => void) => setImmediate(run)) as never);
  await t.rejects(desk.call("allocate", wish("a")), { code: 14, message: ended });
  t.match(await desk.died, { message: ended });
  renameSync(other, site.storeFile);
  await threads[0];
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
  t.equal(threads.length, 1);
  t.equal(desk.fault(), ended);
});

test("a store thread that crashes on the shares of the one before it is not followed by another one", async (t) => {
  const site = makeSite(t);
  fillStore(site.storeFile, 60);
  damagePages(site.storeFile, pagesOf(site.storeFile, "reservations"), (page) => page.fill(0));
  const desk = await startStore({ storeFile: site.storeFile, workerUrl: crashingWorker("setShares") });
  t.teardown(() => desk.stop());
  await t.rejects(desk.call("setShares", serving(...shares)), { code: 14, message: /is damaged/ });
  await recover(site);
  t.match(await desk.died, { message: "the store thread has ended: broken" });
});

test("a container and a pod find what recoveries kept for them", async (t) => {
  const site = makeSite(t);
  const kept = ["pod:uid-x", "second:pod:uid-x", "x", "second:x", "second:second:second:x", "second:xy", "z"];
  const session = openSession(site.storeFile);
  ask(session, "setShares", serving(...shares));
  for (const container of kept) ask(session, "allocate", wish(container));
  session.close();
  const desk = await startStore({ storeFile: site.storeFile, workerUrl });
  t.teardown(() => desk.stop());
  const request = { pools: [ref("p")], attachment: eth("x"), podUid: "uid-x" };
  t.equal(
    await desk.call("deallocate", { ...request, attachment: { ...eth("x"), interfaceName: "net2" } }),
    0,
  );
  t.equal(await desk.call("deallocate", { ...request, podUid: "uid-y" }), 3);
  t.equal(await desk.call("isAllocated", request), null, "the pod's are there");
  t.equal(await desk.call("deallocate", request), 2);
  await t.rejects(desk.call("isAllocated", request), { code: 5 });
  const { reservations } = await desk.call("listReservations", { filter: {}, limit: 9 });
  t.same(
    reservations.map((one) => one.containerId),
    ["second:xy", "z"],
  );
});

test("garbage collection takes what a recovery kept for a container only with it", (t) => {
  const session = openSession(makeSite(t).storeFile);
  ask(session, "setShares", serving(...shares));
  const metadata = { ...nobody, networkName: "net" };
  for (const container of ["x", "second:second:x", "second:gone"])
    ask(session, "allocate", wish(container, ["p"], { metadata }));
  const request = { networkName: "net", valid: [eth("x")], beganAtMs: Date.now() + 1000 };
  t.equal(ask(session, "collectGarbage", request), 1);
  t.equal(ask(session, "collectGarbage", { ...request, valid: [] }), 2);
  session.close();
  t.end();
});
