// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { ipPool, startDaemon } from "../support/daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

test("a full disk fails ADDs with the cause, keeps nothing half-stored, and heals", {
  skip: skipUnless("root"),
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-full-"));
  const disk = join(dir, "store");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  t.teardown(() => {
    execFileSync("umount", [disk]);
    rmSync(dir, { recursive: true });
  });
  const pools = {
    "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 60000 }),
    "q.json": ipPool("q", { subnet: "10.1.0.0/16", perNodeBlockSize: 60000 }),
  };
  const daemon = await startDaemon(t, { pools, dir });
  const conf = { ipam: daemon.ipam({ poolName: "p,q" }) };
  const add = (prefix: string) => (i: number) => callPlugin({ container: `${prefix}-${i}`, conf });

  const before = (await inParallel(20, 16, add("before"))).map(addressOf);
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));

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
