// SPDX-License-Identifier: Apache-2.0
// A node whose Go daemon is replaced, and the way back.

import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { type Test, test } from "tap";
import { goStoreBytes, goStorePath } from "../node/go-store-fixture.ts";
import { cached } from "../support/cache.ts";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import { cidrPool, type Daemon, makeSite, type Site, startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const spec = { cidr: "10.2.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
const allocations = [{ nodeName: "node-a", prefix: "10.2.1.0/24", gateway: "10.2.1.1" }];
const pools = { "c4.json": JSON.stringify({ ...JSON.parse(cidrPool("c4", spec)), status: { allocations } }) };

function siteWith(t: Test, content: Buffer | string): Site {
  const site = makeSite(t);
  writeFileSync(site.store, content);
  return site;
}

const call = (daemon: Daemon, command: string, container: string) =>
  callPlugin({ command, container, conf: { ipam: daemon.ipam({ poolName: "c4", poolType: "cidrpool" }) } });

/** What lies in the store's directory, without the times in the names. */
const storeFiles = ({ store }: Site): string[] =>
  readdirSync(dirname(store))
    .map((name) => name.replace(/-\d{8}T.*/, "-TIME"))
    .sort();

test("the daemon goes on where the Go daemon has stopped, and the Go daemon where it has", async (t) => {
  const site = siteWith(t, goStoreBytes("written"));
  const daemon = await startDaemon(t, { pools, dir: site.dir });
  const line = JSON.parse(await daemon.logged("imported the Go daemon's store"));
  t.match(line, { pools: 16, reservations: 50, released: 0, logger: "node.store" });
  t.ok(readFileSync(line.keptAs).equals(goStoreBytes("written")));
  t.equal(
    addressOf(await call(daemon, "ADD", "new")),
    "10.2.1.6/24",
    "behind the last one that the Go daemon gave",
  );
  t.equal((await call(daemon, "DEL", "c1")).status, 0);
  t.match(errorOf(await call(daemon, "ADD", "c2")).msg, /allocation already exist in the pool "c4"/);
  t.equal((await listReservations(daemon)).length, 50);

  const live = await daemon.debug("export", "--format", "go");
  t.equal(live.status, 0, live.stderr);
  const refused = await daemon.debug("export", "--format", "go", "--in-place");
  t.match(refused, { status: 1, stderr: `store ${site.store} is in use by a daemon: stop it first\n` });
  t.equal(await daemon.end("SIGTERM"), 0);

  const moved = await daemon.debug("export", "--format", "go", "--in-place");
  t.match(moved, {
    status: 0,
    stdout: "",
    stderr: /is the Go daemon's now \([\d]+ pools, 50 reservations\)/,
  });
  t.equal(readFileSync(site.store, "utf8"), live.stdout, "the same as the daemon told when it ran");
  t.same(storeFiles(site), ["store", "store.go-TIME", "store.sqlite-TIME"]);

  const again = await startDaemon(t, { pools, dir: site.dir });
  t.equal(addressOf(await call(again, "ADD", "newer")), "10.2.1.7/24");
  t.equal((await call(again, "CHECK", "new")).status, 0, (await call(again, "CHECK", "new")).stdout);
});

test("a Go program takes what the daemon hands over", { skip: skipUnless("goStore") }, async (t) => {
  const site = siteWith(t, goStoreBytes("odd"));
  const daemon = await startDaemon(t, { pools, dir: site.dir });
  const args = "IgnoreUnknown=1;K8S_POD_NAME=web<&>\u2028;K8S_POD_NAMESPACE=default";
  for (const container of ["a", "b", "c"]) {
    const outcome = await callPlugin({
      container,
      args,
      conf: { ipam: daemon.ipam({ poolName: "c4", poolType: "cidrpool" }) },
    });
    t.equal(outcome.status, 0, outcome.stdout);
  }
  await daemon.end("SIGKILL");
  t.equal((await daemon.debug("export", "--in-place")).status, 0);
  const go = await run(cached.goStore, ["check", site.store]);
  t.equal(go.stderr, "");
  t.equal(go.stdout, readFileSync(site.store, "utf8"));
  t.ok(go.stdout.includes('"pod_name":"web\\u003c\\u0026\\u003e\\u2028"'));
  t.match(go.stdout, /"a_net1":.*"pool_config_snapshot":"\{\\"subnet\\":\\"10\.2\.1\.0\/24\\"/);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("a broken store: the daemon stays up, is not ready, and says which file and what to do", async (t) => {
  const flipped = goStoreBytes("written");
  flipped[700]! ^= 1;
  const cases: [Buffer, RegExp][] = [
    [flipped, /that is damaged: its checksum says 3304920817 and its content \d+/],
    [goStoreBytes("written").subarray(0, 20_000), /that is damaged: it ends too early/],
  ];
  for (const [content, message] of cases) {
    const site = siteWith(t, content);
    const port = await freePort();
    const flags = [`--health-probe-bind-address=127.0.0.1:${port}`];
    const daemon = await startDaemon(t, { pools, dir: site.dir, flags, until: "not serving" });
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    t.equal(ready.ok, false);
    t.match(await ready.text(), message);
    t.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
    const error = errorOf(await call(daemon, "ADD", "new"));
    t.equal(error.code, 11, "the runtime is to try again later");
    t.match(error.msg, message);
    t.match(error.msg, `store ${site.store} is a store of the Go daemon`);
    t.match(
      error.msg,
      /it stays untouched and no address is given until a whole copy of it is put in its place/,
    );
    t.equal((await daemon.debug("export", "--in-place")).status, 1);
    await daemon.end("SIGTERM");
    t.ok(readFileSync(site.store).equals(content));
    t.same(storeFiles(site), ["store"]);
  }
});

test("while the Go daemon's socket answers, nothing is touched", async (t) => {
  const site = siteWith(t, goStoreBytes("written"));
  const server = createServer((connection) => connection.destroy()).listen(site.socket);
  await once(server, "listening");
  t.teardown(() => server.close());
  await t.rejects(startDaemon(t, { pools, dir: site.dir }), {
    message: /a daemon \(nv-ipam in Go, or another ipam-node\) answers at .*daemon\.sock: stop it first/,
  });
  t.ok(readFileSync(site.store).equals(goStoreBytes("written")));
  t.same(storeFiles(site), ["store"]);
});

test("what will be imported can be looked at while no daemon runs", async (t) => {
  const site = makeSite(t);
  copyFileSync(goStorePath("written"), site.store);
  const look = await run(executables.daemon, [
    "export",
    "--format=go",
    `--store-file=${site.store}`,
    `--bind-address=unix://${join(site.dir, "none.sock")}`,
  ]);
  t.same([look.status, look.stdout], [0, goStoreBytes("written").toString()]);
  t.same(storeFiles(site), ["store"]);
});
