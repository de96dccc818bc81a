// SPDX-License-Identifier: Apache-2.0
import { type Test, test } from "tap";
import { addressOf, callPlugin } from "../support/cni.ts";
import { type Daemon, ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { preloadDisk } from "../support/preload.ts";
import { duplicates, listReservations } from "../support/reservations.ts";

const pool = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 4000, gateway: "10.0.0.1" }),
};

/** Container → address, as callers were told. */
type Told = Map<string, string>;

/** ADDs from `lanes` callers at once until the daemon is ended after `answers` answers; what succeeded goes into `told`. */
async function addUntilKilled(
  daemon: Daemon,
  told: Told,
  answers: number,
  kill: () => unknown,
): Promise<void> {
  const conf = { ipam: daemon.ipam({ poolName: "p", daemonCallTimeoutSeconds: 2 }) };
  let left = answers;
  let killed = false;
  const lane = async (lane: number): Promise<void> => {
    for (let i = 0; !killed; i++) {
      const container = `kill-${answers}-${told.size}-${lane}-${i}`;
      const outcome = await callPlugin({ container, conf });
      if (outcome.status === 0) told.set(container, addressOf(outcome));
      if (outcome.status === 0 && --left === 0) {
        killed = true;
        kill();
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, i) => lane(i)));
}

async function missing(daemon: Daemon, told: Told): Promise<string[]> {
  const held = new Map((await listReservations(daemon)).map((one) => [one.containerId, `${one.address}/16`]));
  return [...told]
    .filter(([container, address]) => held.get(container) !== address)
    .map(([container]) => container);
}

test("SIGKILL twenty times in a stream of ADDs loses no acknowledged address and gives none twice", async (t) => {
  const { dir } = makeSite(t);
  const told: Told = new Map();
  for (let round = 0; round < 20; round++) {
    const daemon = await startDaemon(t, { pools: pool, dir });
    t.same(
      await missing(daemon, told),
      [],
      `round ${round}: every acknowledged address is reserved to its caller`,
    );
    await addUntilKilled(daemon, told, 7 + round, () => daemon.process.kill("SIGKILL"));
    await daemon.end("SIGKILL");
  }
  const daemon = await startDaemon(t, { pools: pool, dir });
  t.same(await missing(daemon, told), []);
  t.same(duplicates([...told.values()]), [], "no address twice");
  t.same(duplicates((await listReservations(daemon)).map(({ address }) => address)), []);
});

async function cutPower(
  t: Test,
  settings: Readonly<Record<string, string>>,
): Promise<{ told: Told; lost: string[] }> {
  const { dir, store } = makeSite(t);
  const told: Told = new Map();
  const disk = preloadDisk(dir, store, settings);
  const daemon = await startDaemon(t, { pools: pool, dir, env: disk.env });
  await addUntilKilled(daemon, told, 60, () => disk.cutPower());
  t.equal(await daemon.end("SIGCONT"), 99, "the power went");
  const after = await startDaemon(t, { pools: pool, dir });
  return { told, lost: await missing(after, told) };
}

test("an answer never precedes its sync: a power cut loses no acknowledged address", async (t) => {
  const { told, lost } = await cutPower(t, { NV_DISK_SYNC_MS: "3" });
  t.ok(told.size >= 60);
  t.same(lost, []);
});

test("the power cut is a real one: with a disk that lies about syncs, addresses are lost", async (t) => {
  const { lost } = await cutPower(t, { NV_DISK_LIES: "1" });
  t.not(lost.length, 0);
});
