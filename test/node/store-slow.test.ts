// SPDX-License-Identifier: Apache-2.0
// More callers than a slow store can serve: those beyond the queue are refused at once, and who has gone costs nothing.
import { join } from "node:path";
import { test } from "tap";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { preloadDisk } from "../support/preload.ts";

const program = join(import.meta.dirname, "slow-store.ts");

test("a queue that is full on a slow disk", { skip: skipUnless("gcc") }, async (t) => {
  const dir = t.testdir();
  const store = join(dir, "store");
  const disk = preloadDisk(dir, store);
  const { stdout, stderr } = await run(process.execPath, ["--expose-gc", program, store], {
    env: { ...process.env, NODE_OPTIONS: "", ...disk.env },
  });
  t.ok(stdout, stderr);
  const { codes, grown, commits, refusedBeforeTheFirst, containers } = JSON.parse(stdout);
  t.same(codes, { ok: 1 + 200, 1: 50, 8: 20_000 }, "served, gone, refused");
  t.ok(refusedBeforeTheFirst, "20,000 refusals took less than one commit");
  t.ok(grown < 1 << 20, `memory grew by ${grown} bytes`);
  t.equal(commits, 2, "all that waited had one commit");
  t.equal(containers.length, 201);
  for (let i = 0; i < 50; i++) t.notOk(containers.includes(`c${i}`), "nobody waited for it");
  t.notOk(containers.some((one: string) => one.startsWith("refused-")));
});
