// SPDX-License-Identifier: Apache-2.0
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { listReservations } from "../support/reservations.ts";

const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 50, gateway: "10.0.0.1" };

/** Puts a manifest in place in one step, as editors and kubelet do. */
function edit(daemon: Daemon, name: string, text: string): void {
  writeFileSync(join(daemon.dir, "new"), text);
  renameSync(join(daemon.dir, "new"), join(daemon.pools, name));
}

async function add(daemon: Daemon, container: string, poolName = "p") {
  return callPlugin({ container, conf: { ipam: daemon.ipam({ poolName }) } });
}

/** Calls until the answer is the one that an edit leads to; the test's own time limit ends it. */
async function until<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
  }
}

/** The pools that this node has a share of. */
async function poolNames(daemon: Daemon): Promise<string[]> {
  const { stdout } = await daemon.debug("pools", "-o", "json");
  const pools = JSON.parse(stdout) as { pool: string; share: unknown }[];
  return pools.filter(({ share }) => share !== null).map(({ pool }) => pool);
}

test("edits are picked up while running and move no reservation", async (t) => {
  const daemon = await startDaemon(t, { pools: { "p.json": ipPool("p", spec) } });
  t.equal(addressOf(await add(daemon, "one")), "10.0.0.2/24");

  edit(daemon, "q.yaml", ipPool("q", { subnet: "10.9.0.0/24", perNodeBlockSize: 5 }));
  await until(
    () => poolNames(daemon),
    (names) => names.includes("q"),
  );
  t.equal(addressOf(await add(daemon, "two", "q")), "10.9.0.1/24", "a new pool works");

  // The share shrinks below the live reservation, and overlapping exclusions are merged.
  const exclusions = [
    { startIP: "10.0.0.1", endIP: "10.0.0.10" },
    { startIP: "10.0.0.5", endIP: "10.0.0.20" },
  ];
  edit(daemon, "p.json", ipPool("p", { ...spec, exclusions }));
  const shrunk = await until(
    () => add(daemon, `probe-${Math.random()}`),
    (outcome) => addressOf(outcome).startsWith("10.0.0.2"),
  );
  t.match(addressOf(shrunk), /^10\.0\.0\.2\d\/24$/);
  t.ok(
    (await listReservations(daemon)).some((one) => one.containerId === "one" && one.address === "10.0.0.2"),
  );

  edit(daemon, "p.json", ipPool("p", { ...spec, perNodeBlockSiez: 10 }));
  await daemon.logged("perNodeBlockSize");
  t.ok((await add(daemon, "three")).status === 0, "after an invalid edit the last good share goes on");

  edit(daemon, "broken.yaml", "kind: [IPPool\n");
  await daemon.logged("broken.yaml");
  t.ok((await add(daemon, "four", "q")).status === 0, "a broken file leaves the others working");

  rmSync(join(daemon.pools, "broken.yaml"));
  rmSync(join(daemon.pools, "q.yaml"));
  await until(
    () => poolNames(daemon),
    (names) => !names.includes("q"),
  );
  const gone = await add(daemon, "five", "q");
  t.equal(
    errorOf(gone).msg,
    'grpc call failed: rpc error: code = NotFound desc = configuration for pool "q", poolType "ippool" not found',
  );
  t.ok(
    (await listReservations(daemon)).some((one) => one.pool === "q" && one.containerId === "two"),
    "its reservations stay",
  );
  const del = await callPlugin({
    command: "DEL",
    container: "two",
    conf: { ipam: daemon.ipam({ poolName: "q" }) },
  });
  t.equal(del.status, 0, "and DEL still works");
});

test("the last good share outlives a restart with an invalid manifest", async (t) => {
  const first = await startDaemon(t, { pools: { "p.json": ipPool("p", spec) } });
  t.equal(addressOf(await add(first, "one")), "10.0.0.2/24");
  t.equal(await first.end("SIGTERM"), 0);
  const second = await startDaemon(t, {
    pools: { "p.json": ipPool("p", { ...spec, subnet: "10.0.0.0/240" }) },
    dir: first.dir,
  });
  t.equal(addressOf(await add(second, "two")), "10.0.0.3/24");
});
