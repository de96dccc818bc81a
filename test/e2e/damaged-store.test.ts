// SPDX-License-Identifier: Apache-2.0
// A daemon whose store is damaged stays up and says what to do, and is repaired from inside while it runs.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Test, test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { ServingStatus } from "../../lib/rpc/messages.ts";
import { damagePages, fillStore, pagesOf } from "../node/recover-setup.ts";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { type Daemon, ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { executables, type Outcome, run } from "../support/executables.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 20_000 }) };

const call = (daemon: Daemon, command: string, container: string) =>
  callPlugin({ command, container, conf: { ipam: daemon.ipam({ poolName: "p" }) } });

function recover(daemon: Daemon, ...args: string[]): Promise<Outcome> {
  const places = ["--store-file", daemon.store, "--results-dir", daemon.dir, "--multus-dir", daemon.dir];
  return run(executables.daemon, ["recover", ...places, ...args]);
}

async function isRefused(t: Test, daemon: Daemon): Promise<void> {
  for (const command of ["ADD", "DEL", "CHECK"]) {
    const error = errorOf(await call(daemon, command, "late"));
    t.equal(error.code, 11, command);
    t.match(
      error.msg,
      /code = Unavailable desc = store .* is damaged \(.*"ipam-node recover --store-file .*" has rebuilt it/,
    );
    t.ok(error.msg.includes(daemon.store));
  }
  const client = createIpamClient(`unix://${daemon.socket}`, { timeoutMs: 5000 });
  t.equal((await client.healthCheck()).status, ServingStatus.notServing);
  client.close();
  const address = JSON.parse(daemon.lines.find((line) => line.includes("health probes"))!).address as string;
  t.equal((await fetch(`http://${address}/readyz`)).status, 503);
  t.equal((await fetch(`http://${address}/healthz`)).status, 200, "no reason to restart it");
}

const flags = ["--health-probe-bind-address=127.0.0.1:0"];

test("a store that is damaged when the daemon starts", async (t) => {
  const { dir } = makeSite(t);
  const first = await startDaemon(t, { pools, dir });
  const given = (await inParallel(100, 16, (i) => call(first, "ADD", `c${i}`))).map(addressOf);
  await first.end("SIGTERM");
  damagePages(first.store, pagesOf(first.store, "sqlite_autoindex_reservations_2"), (page) => page.fill(0));
  const before = readFileSync(first.store);

  const daemon = await startDaemon(t, { pools, dir, flags, until: "not serving" });
  await isRefused(t, daemon);
  const dry = await recover(daemon);
  t.equal(dry.status, 0, dry.stderr);
  t.match(dry.stdout, /is damaged \(.*\nThe new store will hold 100 reservations\./s);
  t.match(dry.stderr, /Dry run: nothing was changed/);
  t.same(readFileSync(first.store), before);
  t.same(
    readdirSync(dirname(daemon.store)).filter((name) => name !== "store-wal-spare"),
    ["store"],
  );

  const done = await recover(daemon, "--yes", "-o", "json");
  t.equal(done.status, 0, done.stderr);
  const { aside, reservations } = JSON.parse(done.stdout);
  t.match(aside, /store\.damaged-\d{8}T\d{6}Z$/);
  t.same(readFileSync(aside), before, "the damaged store is kept");
  t.equal(reservations.length, 100);
  await daemon.logged('"ready"');
  const held = await listReservations(daemon);
  t.same(held.map(({ address }) => `${address}/16`).sort(), [...given].sort());
  const later = (await inParallel(50, 16, (i) => call(daemon, "ADD", `new${i}`))).map(addressOf);
  t.same(duplicates([...given, ...later]), []);
  for (let i = 0; i < 100; i++) t.equal((await call(daemon, "DEL", `c${i}`)).status, 0);
  t.equal((await listReservations(daemon)).length, 50);
  const again = await recover(daemon, "--yes");
  t.match(again, { status: 1, stderr: /is in use by a daemon: a store that is served is not damaged/ });
});

test("a store that is damaged while the daemon runs on it", async (t) => {
  const { dir, store } = makeSite(t);
  const live = fillStore(store, 2000, { padding: 3000 }); // more than SQLite keeps in memory
  const daemon = await startDaemon(t, { pools, dir, flags });
  const lost = pagesOf(store, "reservations").filter((_, i) => i % 3 !== 0);
  const fd = openSync(store, "r+");
  for (const page of lost) writeSync(fd, Buffer.alloc(4096, 0x55), 0, 4096, (page - 1) * 4096);
  closeSync(fd);
  const outcome = await daemon.debug("reservations", "-o", "json");
  t.not(outcome.status, 0);
  await daemon.logged("not serving");
  await isRefused(t, daemon);
  t.equal((await recover(daemon, "--yes")).status, 0);
  await daemon.logged('"ready"');
  await t.resolves(waitFor(() => daemon.lines.filter((line) => line.includes('"msg":"ready"')).length === 2));
  const held = new Set((await listReservations(daemon)).map((one) => `${one.pool} ${one.containerId}`));
  t.same(
    live.filter(({ pool, containerId }) => !held.has(`${pool.name} ${containerId}`)),
    [],
    "the second index had every row",
  );
  t.ok(existsSync(join(dirname(store), "store-wal")));
  t.equal(statSync(store).mode & 0o777, 0o600);
  addressOf(await call(daemon, "ADD", "new"));
});

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let i = 0; !isTrue(); i++) {
    if (i > 200) throw new Error("it did not come");
    await new Promise((done) => setTimeout(done, 50));
  }
}
