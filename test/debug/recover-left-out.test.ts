// SPDX-License-Identifier: Apache-2.0
// ipam-node recover where the new store would lack something, or the store is none.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Test, test } from "tap";
import {
  damagePages,
  fillStore,
  listAll,
  makeSite,
  pagesOf,
  type Site,
  writeCached,
} from "../node/recover-setup.ts";
import { openSession } from "../node/store-fixture.ts";
import { skipUnless } from "../support/layers.ts";
import { parsed, runLine } from "./debug-fixture.ts";

const run = ({ storeFile, resultsDir, multusDir }: Site, ...args: string[]) =>
  runLine([
    "recover",
    ...["--store-file", storeFile, "--results-dir", resultsDir, "--multus-dir", multusDir],
    ...args,
  ]);

/** A store of 30 reservations in two pools, whose names are lost. */
function makeNameless(t: Test): { site: Site; live: ReturnType<typeof fillStore> } {
  const site = makeSite(t);
  const live = fillStore(site.storeFile, 30);
  const lost = ["pools", "sqlite_autoindex_pools_1"].flatMap((name) => pagesOf(site.storeFile, name));
  damagePages(site.storeFile, lost, (page) => page.fill(0));
  return { site, live };
}

function countHeld(site: Site): number {
  const session = openSession(site.storeFile);
  const all = listAll(session);
  session.close();
  return all.length;
}

test("reservations whose pool is not known: told, and --yes does nothing", async (t) => {
  const { site, live } = makeNameless(t);
  // One of pool "p" is known to the runtime, nothing of pool "six".
  writeCached(site.resultsDir, live.find(({ pool }) => pool.name === "p")!);
  const before = readFileSync(site.storeFile);
  const names = readdirSync(dirname(site.storeFile));
  const dry = await run(site);
  t.equal(dry.status, 0, dry.stderr);
  t.match(dry.stdout, /\nThe new store will hold 20 reservations\./);
  t.match(
    dry.stdout,
    /\nLeft out: 10 reservations whose pools are not known and whose containers may still run\.\nADDRESS +CONTAINER/,
  );
  t.match(dry.stdout, /\nfd00::2 +0+3 +net1 +default\/pod-3 +store\n/);
  t.match(
    dry.stdout,
    /\nWay out: name the runtime's result cache by --results-dir and --multus-dir, [\s\S]*--leave-out/,
  );
  const json = parsed(await run(site, "-o", "json")) as { leftOut: unknown[] };
  t.equal(json.leftOut.length, 10);
  t.match(json.leftOut[0], { address: "fd00::1", podName: "pod-0", interface: "net1", source: "store" });
  for (const format of ["table", "json"]) {
    t.match(await run(site, "--yes", "-o", format), {
      status: 1,
      stderr:
        /^nothing was done, as the new store would lack 10 reservations whose pools are not known [^\n]* or add --leave-out\n$/,
    });
  }
  t.same(readFileSync(site.storeFile), before);
  t.same(readdirSync(dirname(site.storeFile)), names);
});

test("--leave-out builds the store without them; what only the runtime can place needs no such word", async (t) => {
  const { site, live } = makeNameless(t);
  writeCached(site.resultsDir, live.find(({ pool }) => pool.name === "p")!);
  t.match(await run(site, "--yes", "--leave-out"), { status: 0, stdout: /Store \S+ is rebuilt\./ });
  t.equal(countHeld(site), 20);
  const other = makeNameless(t);
  for (const name of ["p", "six"])
    writeCached(other.site.resultsDir, other.live.find(({ pool }) => pool.name === name)!);
  const done = await run(other.site, "--yes", "-o", "json");
  t.match(parsed(done), { leftOut: [] });
  t.equal(countHeld(other.site), 30);
});

test("where nothing is, nothing is made", async (t) => {
  const site = makeSite(t);
  for (const args of [[], ["--yes"]]) {
    t.match(await run(site, ...args), {
      status: 1,
      stdout: "",
      stderr: `there is no store ${site.storeFile}, and nothing else tells of a reservation: look at --store-file`,
    });
  }
  t.notOk(existsSync(site.storeFile));
  writeFileSync(`${site.storeFile}-wal`, "noise");
  t.match(await run(site), { status: 0, stdout: /hold 0 reservations/ }, "a log was a store's");
});

test("a store that this user must not read is named, with the way out", {
  skip: skipUnless("root"),
}, async (t) => {
  const site = makeSite(t);
  const dir = join(dirname(site.storeFile), "state");
  mkdirSync(dir, { mode: 0o700 });
  for (let at = dirname(site.storeFile); at.startsWith(t.testdirName); at = dirname(at)) chmodSync(at, 0o755);
  const storeFile = join(dir, "store");
  const who = process.geteuid!();
  process.seteuid!(65534);
  const outcome = await run({ ...site, storeFile }).finally(() => process.seteuid!(who));
  t.equal(outcome.status, 1);
  t.match(
    outcome.stderr,
    `store ${storeFile} cannot be read, run this as root on the daemon's host: EACCES: permission denied`,
  );
});
