// SPDX-License-Identifier: Apache-2.0
// What happens to the disk under the store.
import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, constants, openSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, World } from "./fault.ts";

const RELEASED_WHEN_FULL = 300;
const REPEATS = 3;
const FAILS_MS = 30_000;

/** Takes every byte that is left. */
function fill(ballast: string): void {
  try {
    const { bavail, bsize } = statfsSync(dirname(ballast));
    appendFileSync(ballast, Buffer.alloc(bavail * bsize));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error; // somebody was faster
  }
}

/** kubelet evicts pods exactly when a disk is full, so DEL must work then. */
async function fillDisk({ subject, storm, ledger, random, hold }: World): Promise<void> {
  const ballast = join(dirname(subject.site.store), "ballast");
  for (let left = random.between(3, 8); left > 0; left--) {
    fill(ballast);
    await hold(50, 300);
  }
  await storm.pause();
  fill(ballast);
  const held = random.shuffle(ledger.attachments.filter(({ state }) => state === "held"));
  const released = held.slice(0, RELEASED_WHEN_FULL);
  let outcome = await storm.release(released);
  // On a busy machine some meet their deadline; kubelet repeats them.
  for (let left = REPEATS; outcome.failed > 0 && left > 0; left--)
    outcome = await storm.release(released.filter(({ state }) => state !== "free"));
  if (outcome.failed > 0)
    ledger.violate("stuck", `${outcome.failed} DELs failed on a full disk, repeatedly: ${outcome.last}`);
  rmSync(ballast);
}

async function makeReadOnly({ subject, chaos, isMounted, random, hold }: World): Promise<void> {
  if (!isMounted || random.chance(0.5)) {
    chaos.failFiles({ write: 1000, error: "EROFS" });
    await hold(300, 1500);
    chaos.healFiles();
    return;
  }
  // A file system with files open for writing cannot be made read-only; after an error of the disk it is found so.
  const place = dirname(subject.site.store);
  await subject.stop("SIGKILL");
  execFileSync("mount", ["-o", "remount,ro", place]);
  subject.start();
  await hold(500, 1500);
  execFileSync("mount", ["-o", "remount,rw", place]);
}

async function breakDisk(world: World): Promise<void> {
  const { subject, chaos, random, hold } = world;
  for (let left = random.between(1, 3); left > 0; left--) {
    const rate = (): number => random.between(10, 400);
    const write = random.pick([0, rate()]);
    const before = chaos.failures();
    chaos.failFiles({ write, sync: rate(), error: "EIO" });
    await hold(200, 900);
    await untilSomethingFails(world, before);
    // What a failed commit left behind is read by the next start.
    if (random.chance(0.4)) subject.signal("SIGKILL");
  }
  chaos.healFiles();
}

/**
 * A page that the disk does not give back is damage to SQLite, so the daemon comes to be at fault. Once the disk is well
 * again it must find everything: by itself, or started anew.
 */
async function breakReads(world: World): Promise<void> {
  const { subject, chaos, random, hold } = world;
  const before = chaos.failures();
  chaos.failFiles({ read: random.between(20, 500), error: "EIO" });
  await hold(100, 500);
  subject.signal("SIGKILL"); // a start reads it all
  await hold(300, 1500);
  await untilSomethingFails(world, before);
  chaos.healFiles();
  if (random.chance(0.6)) return;
  await subject.stop(random.pick(["SIGTERM", "SIGKILL"]));
  subject.start();
}

/** Or says that the library has no hold on the daemon. */
async function untilSomethingFails({ chaos, ledger }: World, before: number): Promise<void> {
  for (const giveUp = Date.now() + FAILS_MS; chaos.failures() === before; await sleep(20)) {
    if (Date.now() < giveUp) continue;
    return ledger.violate("stuck", "no file operation of the daemon could be made to fail");
  }
}

/** See disk.c. The other end of the FIFO is there once the daemon runs. */
export async function cutPower({ dir, subject, hold }: World): Promise<void> {
  for (;;) {
    try {
      const fd = openSync(join(dir, "power"), constants.O_WRONLY | constants.O_NONBLOCK);
      subject.expectEnd();
      return closeSync(fd);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
      await hold(5, 10);
    }
  }
}

export const diskFaults: readonly Fault[] = [
  { name: "disk-full", where: "pools-dir", needs: ["mount"], wantsMount: true, inject: fillDisk },
  {
    name: "read-only",
    where: "pools-dir",
    needs: [],
    wantsMount: true,
    mayDie: true,
    inject: makeReadOnly,
  },
  { name: "io-errors", where: "pools-dir", needs: [], mayDie: true, inject: breakDisk },
  { name: "read-errors", where: "pools-dir", needs: [], mayDie: true, inject: breakReads },
  {
    name: "power-loss",
    where: "pools-dir",
    needs: [],
    disk: "honest",
    async inject(world) {
      for (let left = world.random.between(1, 2); left > 0; left--) {
        await cutPower(world);
        await world.hold(300, 1500);
      }
    },
  },
];
