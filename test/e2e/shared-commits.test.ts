// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callPlugin, resultOf } from "../support/cni.ts";
import { ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { preloadDisk } from "../support/preload.ts";
import { inParallel } from "../support/reservations.ts";

test("plugin processes that call at once share commits", async (t) => {
  const { dir, store } = makeSite(t);
  const disk = preloadDisk(dir, store, { NV_DISK_SYNC_MS: "5" });
  const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 4000 }) };
  const daemon = await startDaemon(t, { pools, dir, env: disk.env });
  const conf = { ipam: daemon.ipam({ poolName: "p" }) };

  const syncsFor = async (prefix: string, count: number, width: number): Promise<number> => {
    const before = disk.syncs();
    const outcomes = await inParallel(count, width, (i) => callPlugin({ container: `${prefix}-${i}`, conf }));
    outcomes.forEach(resultOf);
    return disk.syncs() - before;
  };
  const alone = await syncsFor("alone", 32, 1);
  const together = await syncsFor("together", 320, 16);
  t.ok(alone >= 32, `one at a time each call has a sync of its own (${alone} for 32)`);
  t.ok(together * 3 <= 320, `sixteen at once need at most a third (${together} for 320)`);
});
