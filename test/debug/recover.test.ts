// SPDX-License-Identifier: Apache-2.0
// ipam-node recover as a person and as a script sees it.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { damagePages, fillStore, makeSite, pagesOf, type Site, writeCached } from "../node/recover-setup.ts";
import { openSession } from "../node/store-fixture.ts";
import { makePlace, parsed, runLine, run as runOn, startDaemon } from "./debug-fixture.ts";

const run = (site: Site, ...args: string[]) =>
  runLine([
    "recover",
    ...["--store-file", site.storeFile],
    ...["--results-dir", site.resultsDir],
    ...["--multus-dir", site.multusDir],
    ...args,
  ]);

const zero = (page: Buffer) => page.fill(0);

test("without --yes it says what it would do, and does nothing", async (t) => {
  const site = makeSite(t);
  const live = fillStore(site.storeFile, 30);
  damagePages(site.storeFile, pagesOf(site.storeFile, "sqlite_autoindex_reservations_2"), zero);
  writeCached(site.resultsDir, { ...live[0]!, containerId: "other" });
  const before = readFileSync(site.storeFile);
  const names = readdirSync(dirname(site.storeFile));
  const { status, stdout, stderr } = await run(site);
  t.equal(status, 0, stderr);
  t.match(
    stdout,
    /^store \S+ is damaged \(.*\)\nThe new store will hold 30 reservations\.\nPOOL +TYPE +ADDRESS/,
  );
  t.match(stdout, /\np +ippool +10\.0\.0\.3 +0+2 +net1 +default\/pod-2 +store\n/);
  t.match(
    stdout,
    /\nConflict: fd00::1 of the pool "six", poolType "cidrpool" is container other net1 \(runtime\); not 0+ net1 \(store\)\n/,
  );
  t.match(stdout, /\nNote: .*multus\/results is not there|Note: pods' network-status was not read/);
  t.match(stderr, /Dry run: nothing was changed\. Add --yes/);
  t.same(readFileSync(site.storeFile), before);
  t.same(readdirSync(dirname(site.storeFile)), names);
});

test("with --yes it does it, and has nothing to do the second time", async (t) => {
  const site = makeSite(t);
  fillStore(site.storeFile, 30);
  damagePages(site.storeFile, [1], zero);
  const done = await run(site, "--yes", "-o", "json");
  t.match(parsed(done), {
    dryRun: false,
    store: site.storeFile,
    reason: /is damaged \(it is not a database\)/,
    aside: /store\.damaged-\d{8}T\d{6}Z$/,
    pools: [
      { pool: "six", poolType: "cidrpool" },
      { pool: "p", poolType: "ippool" },
    ],
    conflicts: [],
    notes: [/network-status was not read/],
  });
  t.match((parsed(done) as { reservations: unknown[] }).reservations[0], {
    pool: "six",
    address: "fd00::1",
    podName: "pod-0",
    source: "store",
  });
  openSession(site.storeFile).close();
  t.match(await run(site, "--yes"), { status: 1, stderr: /is not damaged: there is nothing to recover/ });
});

test("a store that is gone is made anew from what the runtime remembers", async (t) => {
  const site = makeSite(t);
  const live = fillStore(site.storeFile, 30);
  for (const record of live) writeCached(site.resultsDir, record);
  for (const end of ["", "-wal-spare"]) rmSync(site.storeFile + end);
  const { status, stdout } = await run(site, "--yes");
  t.equal(status, 0);
  t.match(stdout, /^there is no store .*\nThe new store will hold 30 reservations/);
  t.match(stdout, /\nStore \S+ is rebuilt\.\n$/);
  t.ok(existsSync(site.storeFile));
});

test("a path that was mistyped is told before a store is made there", async (t) => {
  const site = makeSite(t);
  for (const record of fillStore(site.storeFile, 3)) writeCached(site.resultsDir, record);
  const doubt = /nothing in \S+ tells that there was a store "sotre": look at --store-file/;
  const mistyped = { ...site, storeFile: join(dirname(site.storeFile), "sotre") };
  t.match((await run(mistyped)).stdout, doubt);
  writeFileSync(`${mistyped.storeFile}2`, "");
  t.match((await run(mistyped)).stdout, doubt, "a neighbour with a longer name tells nothing");
  t.match(parsed(await run(mistyped, "-o", "json")), { notes: [doubt] });
  for (const args of [[], ["--yes"]]) {
    t.match(await run({ ...site, storeFile: "/nowhere/store" }, ...args), {
      status: 1,
      stdout: "",
      stderr: /there is no directory \/nowhere: look at --store-file\n$/,
    });
  }
  rmSync(site.storeFile);
  t.notMatch((await run(site)).stdout, doubt, "its log is left");
});

test("what is no damage is left alone", async (t) => {
  const site = makeSite(t);
  writeFileSync(site.storeFile, '{"version":1,"checksum":1,"pools":{}}');
  t.match(await run(site, "--yes"), { status: 1, stderr: /store of the Go daemon.*: that is no damage/ });
  const place = makePlace(t);
  await startDaemon(t, { place });
  const served = await run({ ...site, storeFile: place.store }, "--yes");
  t.match(served, { status: 1, stderr: /is in use by a daemon/ });
  t.equal((await runOn(place, ["pools"])).status, 0);
  t.match((await runLine(["recover", "--help"])).stdout, /Examples:\n {2}ipam-node recover\n/);
});
