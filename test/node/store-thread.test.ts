// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { type StoreThreadOptions, startStoreThread } from "../../lib/node/store-thread.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import {
  CommitCounter,
  crashingWorker,
  openSession,
  ref,
  serving,
  share,
  wish,
  workerUrl,
} from "./store-fixture.ts";

const part = share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254");

async function start(t: Test, options: Partial<StoreThreadOptions> = {}) {
  const storeFile = options.storeFile ?? join(t.testdir(), "store");
  const desk = await startStoreThread({ workerUrl, ...options, storeFile });
  t.teardown(() => desk.stop());
  return { desk, storeFile };
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "succeeded",
    (error: unknown) =>
      error instanceof RpcError ? `${error.code}: ${error.message}` : `no RpcError: ${error}`,
  );

test("calls that wait together share a commit, and are there after a restart", async (t) => {
  const commits = new CommitCounter();
  const { desk, storeFile } = await start(t, { meter: commits });
  await desk.call("setShares", serving(part));
  const before = commits.count;
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => desk.call("allocate", wish(`c${i}`))),
  );
  const given = answers.map(([one]) => formatAddress(one!.address));
  t.equal(new Set(given).size, 200);
  t.ok(commits.count - before <= 3, `${commits.count - before} commits`);
  const alone = commits.count;
  for (let i = 0; i < 5; i++) await desk.call("allocate", wish(`alone${i}`));
  t.equal(commits.count - alone, 5);
  await desk.call("listPools", null);
  t.equal(commits.count - alone, 5, "reading waits for no disk");
  await desk.stop();

  const session = openSession(storeFile);
  t.equal(session.table.find(ref("p"))?.used, 205);
  session.close();
});

test("nobody else gets the store, while another thread's or another process's daemon has it", async (t) => {
  const { desk, storeFile } = await start(t);
  await desk.call("setShares", serving(part));
  const program = `
    import { openStore } from ${JSON.stringify(new URL("../../lib/node/store-open.ts", import.meta.url).href)};
    const outcome = openStore(${JSON.stringify(storeFile)});
    console.log(outcome.status, outcome.message);`;
  const other = () =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program]).toString().trim();
  t.equal(other(), "locked store lock is held by a different process");
  await t.rejects(startStoreThread({ storeFile, workerUrl }), {
    message: "store lock is held by a different process",
  });
  await desk.call("allocate", wish("a"));
  t.equal(
    other(),
    "locked store lock is held by a different process",
    "the attempts did not loosen the lock",
  );
  await desk.stop();
  t.equal(other(), "ok undefined");
});

test("a caller that goes away while it waits gets nothing", async (t) => {
  const { desk } = await start(t);
  await desk.call("setShares", serving(part));
  const gone = new AbortController();
  const first = desk.call("allocate", wish("first")); // has begun
  const waiting = failure(desk.call("allocate", wish("waiting"), gone.signal));
  const third = desk.call("allocate", wish("third"));
  gone.abort();
  t.equal(await waiting, "1: request has been canceled");
  t.equal(await failure(desk.call("allocate", wish("late"), gone.signal)), "1: request has been canceled");
  await Promise.all([first, third]);
  const { reservations } = await desk.call("listReservations", { filter: {}, limit: 9 });
  t.same(
    reservations.map((one) => one.containerId),
    ["first", "third"],
  );
});

test("more calls than may wait are refused, except the daemon's own", async (t) => {
  const { desk } = await start(t, { maxQueue: 2 });
  const calls = [1, 2, 3, 4].map(() => failure(desk.call("listPools", null)));
  const own = desk.call("setShares", serving(part));
  t.same(await Promise.all(calls), [
    "succeeded",
    "succeeded",
    "succeeded",
    "8: the queue of the store is full: 2 calls are waiting already, and nothing was done for this one; try again in a second",
  ]);
  await own;
});

test("stopping answers what waits and refuses what comes", async (t) => {
  const { desk } = await start(t);
  const waiting = [desk.call("setShares", serving(part)), desk.call("allocate", wish("a"))];
  const stopped = desk.stop();
  t.equal(await failure(desk.call("allocate", wish("b"))), "14: the daemon is stopping");
  await Promise.all(waiting);
  await stopped;
  t.equal(desk.fault(), undefined);
});

test("a store thread that ends by itself fails every call and is told", async (t) => {
  const { desk } = await start(t, { workerUrl: crashingWorker("allocate") });
  const faults: string[] = [];
  desk.onFaultChange((fault) => faults.push(fault));
  await desk.call("setShares", serving(part));
  const first = desk.call("listPools", null);
  const others = ["a", "b", "c"].map((name) => failure(desk.call("allocate", wish(name))));
  await first;
  const ended = "the store thread has ended: broken";
  t.match(await desk.died, { message: ended });
  const outcomes = await Promise.all(others);
  // Its answers may have left before it ended; what has not been answered has failed.
  for (const outcome of outcomes) t.ok(["succeeded", `14: ${ended}`].includes(outcome), outcome);
  t.equal(await failure(desk.call("allocate", wish("late"))), `14: ${ended}`);
  t.same(faults, [ended]);
  t.equal(desk.fault(), ended);
});
