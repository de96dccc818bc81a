// SPDX-License-Identifier: Apache-2.0
// A disk without a free byte, which is when the kubelet evicts pods: their DELs must work exactly then.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 60000 }),
  "q.json": ipPool("q", { subnet: "10.1.0.0/16", perNodeBlockSize: 60000 }),
};

/** A directory for a daemon whose store has a disk of its own. */
function makeDisk(t: Test): { dir: string; fill(): void; empty(): void } {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-full-"));
  const disk = join(dir, "store");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
  t.teardown(() => {
    execFileSync("umount", [disk]);
    rmSync(dir, { recursive: true });
  });
  const ballast = join(disk, "ballast");
  return {
    dir,
    fill() {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: "a" });
      t.equal(statfsSync(disk).bavail, 0, "no byte is free");
    },
    empty: () => rmSync(ballast),
  };
}

function calls(daemon: Daemon) {
  const conf = { ipam: daemon.ipam({ poolName: "p,q" }) };
  return {
    add: (prefix: string) => (i: number) => callPlugin({ container: `${prefix}-${i}`, conf }),
    del: (prefix: string) => (i: number) => callPlugin({ command: "DEL", container: `${prefix}-${i}`, conf }),
  };
}

const root = { skip: skipUnless("root") };

test(
  "500 DELs succeed on a full disk, in a stream of ADDs that do not, and what is free is given again",
  root,
  async (t) => {
    const disk = makeDisk(t);
    const daemon = await startDaemon(t, { pools, dir: disk.dir });
    const { add, del } = calls(daemon);
    const before = (await inParallel(520, 16, add("before"))).map(addressOf);
    disk.fill();
    // The first 450 alone, each with a commit of its own; the last 50 beside ADDs.
    const alone = await inParallel(450, 1, del("before"));
    t.same([...new Set(alone.map(({ status }) => status))], [0]);
    const told: string[] = [];
    const mixed = await inParallel(200, 16, async (i) => {
      if (i % 4 === 0) return (await del("before")(450 + i / 4)).status;
      const outcome = await add("full")(i);
      if (outcome.status === 0) told.push(addressOf(outcome));
      return 0;
    });
    t.same([...new Set(mixed)], [0]);
    t.same((await listReservations(daemon)).length, 2 * (20 + told.length));
    disk.empty();
    const after = (await inParallel(50, 16, add("after"))).map(addressOf);
    t.same(duplicates([...before.slice(500), ...told, ...after]), []);
    t.equal((await listReservations(daemon)).length, 2 * (20 + told.length + 50));
  },
);

test("DELs succeed after a restart on a full disk, an orderly one and a kill", root, async (t) => {
  const disk = makeDisk(t);
  const first = await startDaemon(t, { pools, dir: disk.dir });
  await inParallel(200, 16, calls(first).add("c"));
  disk.fill();
  t.equal(await first.end("SIGTERM"), 0);
  disk.fill();
  const second = await startDaemon(t, { pools, dir: disk.dir });
  for (const { status } of await inParallel(100, 4, calls(second).del("c"))) t.equal(status, 0);
  await second.end("SIGKILL");
  const third = await startDaemon(t, { pools, dir: disk.dir });
  for (const { status } of await inParallel(100, 4, (i) => calls(third).del("c")(100 + i)))
    t.equal(status, 0);
  t.same(await listReservations(third), []);
});

test("a full disk fails ADDs with the cause, keeps nothing half-stored, and heals", root, async (t) => {
  const disk = makeDisk(t);
  // Before the first start: nothing can be put by then.
  const ballast = join(disk.dir, "store", "first");
  writeFileSync(ballast, Buffer.alloc(23 << 20));
  const daemon = await startDaemon(t, { pools, dir: disk.dir });
  const { add } = calls(daemon);
  const before = (await inParallel(20, 16, add("before"))).map(addressOf);
  disk.fill();

  // What fits into the log file that is there may still succeed; soon nothing does.
  const told: string[] = [];
  let refused = 0;
  for (let round = 0; refused < 16 && round < 60; round++) {
    const outcomes = await inParallel(16, 16, add(`full-${round}`));
    const failed = outcomes.filter(({ status }) => status !== 0);
    told.push(...outcomes.filter(({ status }) => status === 0).map(addressOf));
    refused = failed.length;
    for (const { code, msg } of failed.map(errorOf)) {
      t.equal(code, 113);
      t.match(msg, /code = Internal desc = .*(full|disk|no space)/i);
    }
  }
  t.equal(refused, 16, "with no space every ADD of a batch fails");

  disk.empty();
  rmSync(ballast);
  const after = (await inParallel(20, 16, add("after"))).map(addressOf);
  t.same(duplicates([...before, ...told, ...after]), [], "no address twice");
  const held = await listReservations(daemon);
  const acknowledged = before.length + told.length + after.length;
  for (const pool of ["p", "q"]) {
    t.equal(
      held.filter((one) => one.pool === pool).length,
      acknowledged,
      `pool ${pool} holds what was acknowledged`,
    );
  }
});
