// SPDX-License-Identifier: Apache-2.0
// A program for store-slow.test.ts: more callers than the queue takes, on a disk that is slow (disk.c is preloaded). Says on
// its standard output, as JSON, what became of them.

import { startStoreThread } from "../../lib/node/store-thread.ts";
import type { RpcError } from "../../lib/rpc/error.ts";
import { CommitCounter, serving, share, wish, workerUrl } from "./store-fixture.ts";

const QUEUE = 200;
const GONE = 50;
const REFUSED = 20_000;

const meter = new CommitCounter();
const desk = await startStoreThread({ storeFile: process.argv[2]!, workerUrl, maxQueue: QUEUE, meter });
await desk.call("setShares", serving(share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254")));
process.env.NV_DISK_SYNC_MS = "3000"; // read by disk.c at each sync

const codes: Record<string, number> = {};
const ask = async (container: string, signal?: AbortSignal): Promise<void> => {
  const code = await desk.call("allocate", wish(container), signal).then(
    () => "ok",
    (error: unknown) => String((error as RpcError).code),
  );
  codes[code] = (codes[code] ?? 0) + 1;
};

const memory = (): number => {
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
};

const before = meter.count;
const first = ask("first"); // its commit is on the way
const gone = new AbortController();
const waiting = Array.from({ length: QUEUE }, (_, i) => ask(`c${i}`, i < GONE ? gone.signal : undefined));
const full = memory();
let isAnswered = false;
void first.then(() => {
  isAnswered = true;
});
for (let i = 0; i < REFUSED; i++) await ask(`refused-${i}`);
const refusedBeforeTheFirst = !isAnswered;
const grown = memory() - full;
gone.abort();
await new Promise((done) => setTimeout(done, 150)); // longer than it takes to be noticed
const more = Array.from({ length: GONE }, (_, i) => ask(`more-${i}`)); // the places of those that have gone
await Promise.all([first, ...waiting, ...more]);
const { reservations } = await desk.call("listReservations", { filter: {}, limit: 1000 });
const commits = meter.count - before;
await desk.stop();
const containers = reservations.map(({ containerId }) => containerId);
process.stdout.write(JSON.stringify({ codes, grown, commits, refusedBeforeTheFirst, containers }));
