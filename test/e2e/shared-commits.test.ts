// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { executables } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { preloadDisk } from "../support/preload.ts";

test("plugin processes that call at once share commits", { skip: skipUnless("gcc") }, async (t) => {
  const { dir, store } = makeSite(t);
  const disk = preloadDisk(dir, store, { NV_DISK_SYNC_MS: "5" });
  const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 4000 }) };
  const daemon = await startDaemon(t, { pools, dir, env: disk.env });

  // A runner in C: starting processes from here would be the bottleneck.
  const runner = join(dir, "bench-calls");
  const source = resolve(import.meta.dirname, "../../scripts/bench-calls.c");
  execFileSync("gcc", ["-O2", "-pthread", "-o", runner, source]);
  const conf = join(dir, "conf.json");
  writeFileSync(
    conf,
    JSON.stringify({ cniVersion: "1.0.0", name: "net", ipam: daemon.ipam({ poolName: "p" }) }),
  );
  const syncsFor = (prefix: string, count: number, width: number): number => {
    const before = disk.syncs();
    const out = execFileSync(runner, [String(count), String(width), prefix, conf, executables.plugin]);
    t.match(out.toString(), /^0 /, "no call failed");
    return disk.syncs() - before;
  };
  const alone = syncsFor("alone", 40, 1);
  const together = syncsFor("together", 640, 16);
  t.ok(alone >= 40, `one at a time each call has a sync of its own (${alone} for 40)`);
  t.ok(together * 3 <= 640, `sixteen at once need at most a third (${together} for 640)`);
});
