// SPDX-License-Identifier: Apache-2.0
// Changes while the directory is watched, by events and by rescans.
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { RESCAN_MS, SETTLE_MS } from "../../lib/node/pools-dir.ts";
import { ipPool, nodes, stoppedClock, watched } from "./pools-dir-setup.ts";

const ONE = ["ippool/p 10.0.0.1-10.0.0.10"];
const errors = (log: string[]) => log.filter((line) => line.startsWith("error"));

/** A watch whose first update is being applied, until `finish` is called. */
async function startBusy(t: Test) {
  const timers = stoppedClock();
  const busy = Promise.withResolvers<void>();
  const applying = Promise.withResolvers<void>();
  const apply = (): Promise<void> => {
    applying.resolve();
    return busy.promise;
  };
  const setup = await watched(t, { clock: timers.clock, apply });
  const started = setup.watch.start();
  await applying.promise;
  return { setup, timers, started, finish: busy.resolve };
}

test("files that come, change and go are followed", async (t) => {
  const { dir, write, watch, next } = await watched(t);
  await watch.start();
  t.same(await next(), []);
  await write("p.yaml", ipPool("p"));
  t.same(await next(), ONE);
  await writeFile(join(dir, "q.yaml"), ipPool("q"));
  t.same(await next(), [...ONE, "ippool/q 10.0.0.1-10.0.0.10"]);
  await write("p.yaml", ipPool("p").replace("10.0.0.0", "10.5.0.0"));
  t.same(await next(), ["ippool/p 10.5.0.1-10.5.0.10", "ippool/q 10.0.0.1-10.0.0.10"]);
  await unlink(join(dir, "q.yaml"));
  t.same(await next(), ["ippool/p 10.5.0.1-10.5.0.10"]);
  await write("n.yaml", nodes("a", "n1"));
  t.same(await next(), ["ippool/p 10.5.0.11-10.5.0.20"]);
});

test("a mounted ConfigMap is swapped by one rename of a link", async (t) => {
  const { dir, watch, next } = await watched(t);
  for (const [version, text] of [
    ["..1", ipPool("p")],
    ["..2", ipPool("p").replace("10.0.0.0", "10.2.0.0")],
  ] as const) {
    await mkdir(join(dir, version));
    await writeFile(join(dir, version, "p.yaml"), text);
  }
  await symlink("..1", join(dir, "..data"));
  await symlink("..data/p.yaml", join(dir, "p.yaml"));
  await watch.start();
  t.same(await next(), ONE);
  await symlink("..2", join(dir, "..data_tmp"));
  await rename(join(dir, "..data_tmp"), join(dir, "..data"));
  t.same(await next(), ["ippool/p 10.2.0.1-10.2.0.10"]);
});

test("an invalid edit keeps the pool, a removed manifest does not", async (t) => {
  const { dir, write, watch, next, updates } = await watched(t);
  await write("p.yaml", ipPool("p"));
  await watch.start();
  await next();
  await write("p.yaml", ipPool("p", ", gateway: 10.9.0.1"));
  t.same(await next(), ["keep ippool/p"]);
  t.match(
    updates.at(-1)?.keep[0]?.reason,
    /p\.yaml:1 is invalid: spec\.gateway: 10\.9\.0\.1 is not an address/,
  );
  await write("p.yaml", "spec: [");
  t.same(await next(), ["keep others"]);
  t.match(updates.at(-1)?.keepUnlisted, /p\.yaml:1 cannot be read/);
  await write("p.yaml", ipPool("p"));
  t.same(await next(), ONE);
  await unlink(join(dir, "p.yaml"));
  t.same(await next(), []);
});

test("nothing is applied and nothing said when nothing has changed", async (t) => {
  const timers = stoppedClock();
  const setup = await watched(t, { clock: timers.clock });
  await setup.write("p.yaml", ipPool("p"));
  await setup.write("q.yaml", "spec: [");
  await setup.watch.start();
  await setup.next();
  const said = setup.log.length;
  await setup.write("p.yaml", ipPool("p"));
  await timers.look();
  await setup.write("p.yaml", `# a comment\n${ipPool("p")}`);
  await timers.look();
  t.equal(setup.updates.length, 1);
  t.equal(setup.log.length, said);
  await setup.write("q.yaml", "spec:  [");
  await timers.look();
  t.equal(setup.log.length, said + 1, "another broken text is said once");
  await timers.look();
  t.equal(setup.log.length, said + 1);
});

test("what events do not tell of, the rescan sees", async (t) => {
  const timers = stoppedClock();
  const elsewhere = await mkdtemp(join(tmpdir(), "pools-dir-"));
  t.teardown(() => rm(elsewhere, { recursive: true }));
  const setup = await watched(t, { clock: timers.clock });
  await writeFile(join(elsewhere, "p.yaml"), ipPool("p"));
  await symlink(join(elsewhere, "p.yaml"), join(setup.dir, "p.yaml"));
  await setup.watch.start();
  t.same(await setup.next(), ONE);
  await writeFile(join(elsewhere, "p.yaml"), ipPool("q"));
  await timers.look();
  t.same(await setup.next(), ["ippool/q 10.0.0.1-10.0.0.10"]);
});

test("a directory that vanishes keeps all pools; one that comes back is watched again", async (t) => {
  const timers = stoppedClock();
  const setup = await watched(t, { clock: timers.clock });
  await setup.write("p.yaml", ipPool("p"));
  await setup.watch.start();
  await setup.next();
  await rm(setup.dir, { recursive: true });
  await timers.look();
  t.same(await setup.next(), ["keep others"]);
  await timers.look();
  t.match(errors(setup.log), [/^error \| pools stay as they were \| directory .* cannot be read: ENOENT/]);
  await mkdir(setup.dir);
  await setup.write("p.yaml", ipPool("p"));
  await timers.look();
  t.same(await setup.next(), ONE);
  await timers.look();
  t.notOk(timers.run(SETTLE_MS), "no event is left");
  await setup.write("q.yaml", ipPool("q"));
  await timers.due(SETTLE_MS); // the event
  timers.run(SETTLE_MS);
  t.same(await setup.next(), [...ONE, "ippool/q 10.0.0.1-10.0.0.10"]);
});

test("a directory that is not there at the start is no end", async (t) => {
  const setup = await watched(t, { dir: join(tmpdir(), `pools-dir-none-${process.pid}`) });
  await setup.watch.start();
  t.same(await setup.next(), ["keep others"]);
  t.equal(errors(setup.log).length, 1);
});

test("what was not applied is tried again, and its reason said once", async (t) => {
  const timers = stoppedClock();
  let failures = 2;
  const apply = async () => {
    if (failures-- > 0) throw new Error("the store is away");
  };
  const setup = await watched(t, { clock: timers.clock, apply });
  await setup.write("p.yaml", ipPool("p"));
  await setup.watch.start();
  await timers.look();
  t.equal(setup.updates.length, 0);
  await timers.look();
  t.same(await setup.next(), ONE);
  t.same(errors(setup.log), ["error | pool manifests not applied, tried again later | the store is away"]);
});

test("no block is computed before the shares of the time before are known", async (t) => {
  const timers = stoppedClock();
  let known = false;
  const lastShares = async () => {
    if (!known) throw new Error("the store is away");
    return [];
  };
  const setup = await watched(t, { clock: timers.clock, lastShares });
  await setup.write("p.yaml", ipPool("p"));
  await setup.watch.start();
  t.equal(setup.updates.length, 0);
  known = true;
  await timers.look();
  t.same(await setup.next(), ONE);
});

test("what changes while an update is applied is looked at right after", async (t) => {
  const { setup, timers, started, finish } = await startBusy(t);
  await setup.write("p.yaml", ipPool("p"));
  await timers.due(SETTLE_MS);
  finish();
  await started;
  t.same(timers.delays(), [SETTLE_MS]);
  timers.run(SETTLE_MS);
  t.same([await setup.next(), await setup.next()], [[], ONE]);
});

test("after stop nothing runs; stop waits for what does", async (t) => {
  const { setup, timers, started, finish } = await startBusy(t);
  let stopped = false;
  const stopping = setup.watch.stop().then(() => (stopped = true));
  await new Promise(setImmediate);
  t.notOk(stopped);
  finish();
  await Promise.all([started, stopping]);
  t.equal(setup.updates.length, 1);
  t.notOk(timers.run(RESCAN_MS));
  await setup.watch.start();
  t.equal(setup.updates.length, 1);
});
