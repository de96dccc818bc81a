// SPDX-License-Identifier: Apache-2.0
// A disk that fails for a while: the daemon serves again by itself when it works again, with everything it acknowledged.
import { readFileSync } from "node:fs";
import { type Test, test } from "tap";
import { fillStore } from "../node/recover-setup.ts";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { type Daemon, ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { type Disk, type DiskOperation, preloadDisk } from "../support/preload.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 20_000 }) };
const gcc = { skip: skipUnless("gcc") };
/** More than SQLite keeps in memory, so that it has to read. */
const LARGE = { padding: 3000 };

const call = (daemon: Daemon, command: string, container: string) =>
  callPlugin({ command, container, conf: { ipam: daemon.ipam({ poolName: "p" }) } });

/** Resolves when the daemon has said so for the n-th time. */
async function said(daemon: Daemon, text: string, times: number): Promise<void> {
  while (daemon.lines.filter((line) => line.includes(`"msg":"${text}"`)).length < times)
    await new Promise((done) => setTimeout(done, 50));
}

async function start(
  t: Test,
  reservations: number,
): Promise<{ daemon: Daemon; disk: Disk; before: Set<string> }> {
  const { dir, store } = makeSite(t);
  const live = fillStore(store, reservations, LARGE);
  const disk = preloadDisk(dir, store);
  const daemon = await startDaemon(t, { pools, dir, env: disk.env });
  return { daemon, disk, before: new Set(live.map(({ containerId }) => containerId)) };
}

/** Everything that was there is, what has been given since too, and no address twice. */
async function isWhole(
  t: Test,
  daemon: Daemon,
  before: Set<string>,
  given: readonly string[],
): Promise<void> {
  const held = await listReservations(daemon);
  const now = new Set(held.map(({ containerId }) => containerId));
  t.same(
    [...before].filter((one) => !now.has(one)),
    [],
  );
  t.same(duplicates(held.map(({ pool, address }) => `${pool} ${address}`)), []);
  const addresses = new Set(held.map(({ address }) => `${address}/16`));
  t.same(
    given.filter((one) => !addresses.has(one)),
    [],
  );
  const { status, stdout } = await daemon.debug("check", "-o", "json");
  const findings = JSON.parse(stdout || "[]") as { check: string; severity: string; message: string }[];
  t.same(
    findings.filter(({ check, severity }) => check === "store" && severity === "error"),
    [],
    `${status}`,
  );
}

test("reads fail for a while: the same process serves the same store again", gcc, async (t) => {
  const { daemon, disk, before } = await start(t, 2000);
  const given = [addressOf(await call(daemon, "ADD", "first"))];
  const file = readFileSync(daemon.store);
  disk.fail("read");
  t.not((await daemon.debug("reservations", "-o", "json")).status, 0);
  await said(daemon, "not serving", 1);
  const { code, msg } = errorOf(await call(daemon, "ADD", "meanwhile"));
  t.equal(code, 11);
  t.match(msg, /code = Unavailable desc = store .* is damaged/);
  // Who looks at it with another disk finds it whole.
  const recover = await run(executables.daemon, ["recover", "--yes", "--store-file", daemon.store]);
  t.match(recover, { status: 1, stderr: /is not damaged: there is nothing to recover/ });
  t.ok(readFileSync(daemon.store).length >= file.length);

  disk.fail();
  await said(daemon, "ready", 2);
  t.equal(daemon.process.exitCode, null);
  given.push(...(await inParallel(20, 8, (i) => call(daemon, "ADD", `after-${i}`))).map(addressOf));
  t.same(duplicates(given), []);
  await isWhole(t, daemon, before, given);
});

for (const kinds of [
  ["write"],
  ["sync"],
  ["write", "sync"],
  ["read", "write", "sync"],
] satisfies DiskOperation[][]) {
  test(`${kinds.join(" and ")} fail for a while in a stream of ADDs`, gcc, async (t) => {
    const { daemon, disk, before } = await start(t, kinds.length > 2 ? 2000 : 20);
    const given = (await inParallel(10, 4, (i) => call(daemon, "ADD", `before-${i}`))).map(addressOf);
    disk.fail(...kinds);
    for (const one of await inParallel(12, 4, (i) => call(daemon, "ADD", `while-${i}`))) {
      const { code, msg } = errorOf(one);
      t.ok(code === 113 || code === 11, msg);
    }
    disk.fail();
    for (let i = 0; (await call(daemon, "ADD", `probe-${i}`)).status !== 0; i++) {
      t.equal(daemon.process.exitCode, null, "it stays up");
      await new Promise((done) => setTimeout(done, 100));
    }
    given.push(...(await inParallel(20, 8, (i) => call(daemon, "ADD", `after-${i}`))).map(addressOf));
    t.same(duplicates(given), []);
    for (let i = 0; i < 12; i++) t.equal((await call(daemon, "DEL", `while-${i}`)).status, 0);
    await isWhole(t, daemon, before, given);
    t.notOk((await listReservations(daemon)).some(({ containerId }) => containerId.startsWith("while-")));
    // The next start reads what is on the disk.
    await daemon.end("SIGKILL");
    await isWhole(t, await startDaemon(t, { pools, dir: daemon.dir }), before, given);
  });
}
