// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { type Outcome, type QueueOptions, WorkQueue } from "../../lib/controller/work-queue.ts";
import { manualClock } from "./manual-clock.ts";

const wrote: Outcome = { state: "done", wrote: true };
const nothing: Outcome = { state: "done", wrote: false };

/** A queue whose reconciles are written down as "TIME KEY". */
function setUp(reconcile: (key: string) => Promise<Outcome>, more: Partial<QueueOptions> = {}) {
  const clock = manualClock();
  const runs: string[] = [];
  const failures: string[] = [];
  const depths: number[] = [];
  const queue = new WorkQueue({
    reconcile(key) {
      runs.push(`${clock.now()} ${key}`);
      return reconcile(key);
    },
    onFailure: (key, error, againInMs) =>
      failures.push(`${clock.now()} ${key} ${error instanceof Error && error.message} ${againInMs}`),
    onDepth: (depth) => depths.push(depth),
    clock,
    random: () => 0.5,
    ...more,
  });
  return { clock, runs, failures, depths, queue };
}

test("the first change at once, then at most one write per second, the last change not lost", async (t) => {
  const { clock, runs, queue, depths } = setUp(() => Promise.resolve(wrote));
  queue.start();
  for (let i = 0; i < 25; i++) {
    queue.add("p");
    await clock.pass(100);
  }
  await clock.pass(10_000);
  t.same(runs, ["0 p", "1000 p", "2000 p", "3000 p"]);
  t.equal(depths.at(-1), 0);
});

test("keys are counted when one comes, not each time it is added", async (t) => {
  const { clock, queue, depths } = setUp(() => Promise.resolve(nothing));
  for (let i = 0; i < 5; i++) for (const key of ["p", "q"]) queue.add(key);
  t.same(depths, [1, 2]);
  queue.start();
  await clock.pass(10);
  t.equal(depths.at(-1), 0);
});

test("a reconcile that writes nothing sets no pace", async (t) => {
  const { clock, runs, queue } = setUp(() => Promise.resolve(nothing));
  queue.start();
  queue.add("p");
  await clock.pass(10);
  queue.add("p");
  await clock.pass(5000);
  t.same(runs, ["0 p", "10 p"]);
});

test("pools do not wait for each other's pace", async (t) => {
  const { clock, runs, queue } = setUp(() => Promise.resolve(wrote));
  queue.start();
  queue.add("p");
  await clock.pass(10);
  queue.add("q");
  queue.add("p");
  await clock.pass(5000);
  t.same(runs, ["0 p", "10 q", "1000 p"]);
});

test("one reconcile of a key at a time; what is added meanwhile is one more", async (t) => {
  const ends: (() => void)[] = [];
  const reconcile = () => new Promise<Outcome>((done) => ends.push(() => done(nothing)));
  const { clock, runs, queue } = setUp(reconcile);
  queue.start();
  for (let i = 0; i < 5; i++) queue.add("p");
  await clock.pass(100);
  t.same(runs, ["0 p"]);
  for (let i = 0; i < 5; i++) queue.add("p");
  await clock.pass(100);
  t.same(runs, ["0 p"]);
  ends.shift()!();
  await clock.pass(100);
  t.same(runs, ["0 p", "200 p"]);
  ends.shift()!();
  await clock.pass(10_000);
  t.same(runs, ["0 p", "200 p"]);
});

test("no more than so many at the same time, and each comes to its turn", async (t) => {
  const ends: (() => void)[] = [];
  const reconcile = () => new Promise<Outcome>((done) => ends.push(() => done(nothing)));
  const { clock, runs, queue, depths } = setUp(reconcile, { concurrency: 2 });
  queue.start();
  for (const key of ["a", "b", "c", "d"]) queue.add(key);
  await clock.pass(1);
  t.same(runs, ["0 a", "0 b"]);
  t.equal(Math.max(...depths), 4);
  while (ends.length > 0) {
    ends.shift()!();
    await clock.pass(1);
  }
  t.equal(runs.length, 4);
  t.equal(depths.at(-1), 0);
});

test("a failure is tried again later and later; changes do not shorten that", async (t) => {
  let left = 4;
  const reconcile = () => (left-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve(wrote));
  const { clock, runs, failures, queue } = setUp(reconcile);
  queue.start();
  queue.add("p");
  await clock.pass(1);
  queue.add("p");
  await clock.pass(100_000);
  t.same(failures, ["0 p no 188", "187.5 p no 375", "562.5 p no 750", "1312.5 p no 1500"]);
  t.same(runs.at(-1), "2812.5 p");
  left = 1;
  queue.add("p");
  await clock.pass(1000);
  t.match(failures.at(-1), / p no 188$/, "success starts the count anew");
});

test("an API that asks to be left alone for a time is", async (t) => {
  const busy = Object.assign(new Error("busy"), { retryAfterMs: 5000 });
  const { clock, failures, queue } = setUp(() => Promise.reject(busy));
  queue.start();
  queue.add("p");
  await clock.pass(5001);
  t.same(failures, ["0 p busy 5000", "5000 p busy 5000"]);
});

test("the waiting time ends at 30 s and has jitter", async (t) => {
  for (const [random, most] of [
    [0, 15_000],
    [0.999999, 30_000],
  ] as const) {
    const { clock, failures, queue } = setUp(() => Promise.reject(new Error("no")), { random: () => random });
    queue.start();
    queue.add("p");
    await clock.pass(300_000);
    t.match(failures.at(-1), new RegExp(` p no ${most}$`));
  }
});

test("what was stale is tried again at once when something newer comes, else soon", async (t) => {
  let left = 3;
  const reconcile = () => Promise.resolve<Outcome>(left-- > 0 ? { state: "stale" } : wrote);
  const { clock, runs, failures, queue } = setUp(reconcile);
  queue.start();
  queue.add("p");
  await clock.pass(10);
  queue.add("p");
  await clock.pass(5000);
  t.same(runs, ["0 p", "10 p", "85 p", "235 p"]);
  t.same(failures, []);
});

test("an alarm looks again; a change before it makes it void", async (t) => {
  let againInMs: number | undefined = 5000;
  const { clock, runs, queue, depths } = setUp(() =>
    Promise.resolve({ state: "done", wrote: true, ...(againInMs && { againInMs }) }),
  );
  queue.start();
  queue.add("p");
  await clock.pass(2000);
  t.equal(depths.at(-1), 0, "nothing waits");
  againInMs = 7000;
  queue.add("p");
  await clock.pass(6900);
  t.same(runs, ["0 p", "2000 p"]);
  againInMs = undefined;
  await clock.pass(50_000);
  t.same(runs, ["0 p", "2000 p", "9000 p"]);
});

test("an alarm in a far future does not ring at once", async (t) => {
  const { clock, runs, queue } = setUp(() =>
    Promise.resolve({ state: "done", wrote: false, againInMs: 1e15 }),
  );
  queue.start();
  queue.add("p");
  await clock.pass(86_400_001);
  t.same(runs, ["0 p", "86400000 p"]);
  await queue.stop();
});

test("before the start keys gather; after the stop nothing begins", async (t) => {
  const { clock, runs, queue } = setUp(() => Promise.resolve({ state: "done", wrote: true, againInMs: 10 }));
  queue.add("p");
  queue.add("q");
  queue.add("p");
  await clock.pass(10_000);
  t.same(runs, []);
  queue.start();
  await clock.pass(0);
  t.same(runs, ["10000 p", "10000 q"]);
  queue.add("p");
  await queue.stop();
  queue.add("q");
  await clock.pass(10_000);
  t.equal(runs.length, 2);
});

test("stop waits for the reconcile that runs, and says no failure of it", async (t) => {
  let end = (): void => undefined;
  const reconcile = () => new Promise<Outcome>((_, fail) => (end = () => fail(new Error("no"))));
  const { clock, failures, queue } = setUp(reconcile);
  queue.start();
  queue.add("p");
  await clock.pass(1);
  let stopped = false;
  const stop = queue.stop().then(() => (stopped = true));
  await clock.pass(1);
  t.notOk(stopped);
  end();
  await stop;
  t.same(failures, []);
});
