// SPDX-License-Identifier: Apache-2.0
// The store's files go away or are replaced under a running daemon: what it stores then would be forgotten, so it stops
// giving addresses, also when nobody asks, and says what to do.
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { test } from "tap";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 20_000 }) };

const add = (daemon: Daemon, container: string) =>
  callPlugin({ container, conf: { ipam: daemon.ipam({ poolName: "p" }) } });

const refused =
  /code = Unavailable desc = store .* was removed or replaced while ipam-node runs on it.*restart/;

test("deleted: an idle daemon notices, and says so to every caller", async (t) => {
  const daemon = await startDaemon(t, { pools });
  addressOf(await add(daemon, "before"));
  rmSync(daemon.store);
  t.match(await daemon.logged("not serving"), /was removed or replaced/);
  const error = errorOf(await add(daemon, "after"));
  t.equal(error.code, 11);
  t.match(error.msg, refused);
});

test("replaced by an older copy in a stream of ADDs: nothing is acknowledged into a file that is gone", async (t) => {
  const daemon = await startDaemon(t, { pools });
  const before = (await inParallel(20, 8, (i) => add(daemon, `before-${i}`))).map(addressOf);
  copyFileSync(daemon.store, `${daemon.store}.copy`);
  let isSwapped = false;
  const late: string[] = [];
  const outcomes = await inParallel(200, 8, async (i) => {
    if (i === 100) {
      renameSync(`${daemon.store}.copy`, daemon.store);
      isSwapped = true;
    }
    const began = isSwapped;
    const outcome = await add(daemon, `during-${i}`);
    if (began && outcome.status === 0) late.push(`during-${i}`);
    return outcome;
  });
  t.same(late, [], "no ADD that began after the swap succeeds");
  const given = outcomes.filter(({ status }) => status === 0).map(addressOf);
  t.same(duplicates([...before, ...given]), []);
  for (const outcome of outcomes.slice(150)) t.match(errorOf(outcome).msg, refused);
  t.equal(await daemon.end("SIGTERM"), 0);
  const again = await startDaemon(t, { pools, dir: daemon.dir });
  addressOf(await add(again, "restarted"));
});

test("moved away and put back: after a restart everything is there", async (t) => {
  const daemon = await startDaemon(t, { pools });
  const before = (await inParallel(20, 8, (i) => add(daemon, `before-${i}`))).map(addressOf);
  const files = [daemon.store, `${daemon.store}-wal`];
  for (const file of files) renameSync(file, `${file}.moved`);
  await daemon.logged("not serving");
  t.match(errorOf(await add(daemon, "meanwhile")).msg, refused);
  for (const file of files) renameSync(`${file}.moved`, file);
  t.match(errorOf(await add(daemon, "still")).msg, refused);
  t.equal(await daemon.end("SIGTERM"), 0);
  const again = await startDaemon(t, { pools, dir: daemon.dir });
  const after = (await inParallel(20, 8, (i) => add(again, `after-${i}`))).map(addressOf);
  t.same(duplicates([...before, ...after]), []);
  t.equal((await listReservations(again)).length, 40);
});
