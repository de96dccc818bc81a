// SPDX-License-Identifier: Apache-2.0
// What a running daemon tells of itself, after calls of the real plugin.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { callPlugin } from "../support/cni.ts";
import { cidrPool, type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { type Family, findValue, parseScrape } from "./scrape-text.ts";

type Scrape = {
  readonly families: ReadonlyMap<string, Family>;
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
};

async function start(
  t: Test,
  pools: Readonly<Record<string, string>>,
): Promise<Daemon & { scrape(): Promise<Scrape> }> {
  const daemon = await startDaemon(t, { pools, flags: ["--metrics-bind-address=127.0.0.1:0"] });
  const { address } = JSON.parse(await daemon.logged('"msg":"metrics"')) as { address: string };
  const scrape = async (): Promise<Scrape> => {
    const answer = await fetch(`http://${address}/metrics`);
    if (answer.status !== 200) throw new Error(await answer.text());
    const families = parseScrape(await answer.text());
    return { families, value: (name, labels) => findValue(families, `nv_ipam_${name}`, labels) };
  };
  return { ...daemon, scrape };
}

const call = async (daemon: Daemon, command: string, container: string, poolName = "p", ipam = {}) =>
  (await callPlugin({ command, container, conf: { ipam: daemon.ipam({ poolName, ...ipam }) } })).status;

const spec = {
  subnet: "10.0.0.0/24",
  perNodeBlockSize: 20,
  gateway: "10.0.0.1",
  exclusions: [{ startIP: "10.0.0.5", endIP: "10.0.0.9" }],
};

test("calls, pools and commits are counted as they were", async (t) => {
  const daemon = await start(t, {
    "p.json": ipPool("p", spec),
    "c.json": cidrPool("p", { cidr: "fd00::/48", perNodeNetworkPrefix: 64 }),
  });
  const before = await daemon.scrape();
  for (const container of ["a", "b", "c"]) t.equal(await call(daemon, "ADD", container), 0);
  t.equal(await call(daemon, "ADD", "a", "p", { poolType: "cidrpool" }), 0);
  t.equal(await call(daemon, "ADD", "x", "nowhere"), 1);
  t.equal(await call(daemon, "DEL", "c"), 0);
  t.equal(await call(daemon, "CHECK", "a"), 0);
  t.equal(await call(daemon, "CHECK", "c"), 1);
  const { value } = await daemon.scrape();
  t.equal(value("calls_total", { method: "Allocate", code: "OK" }), 4);
  t.equal(value("calls_total", { method: "Allocate", code: "NotFound" }), 1);
  t.equal(value("calls_total", { method: "Deallocate", code: "OK" }), 1);
  t.equal(value("calls_total", { method: "IsAllocated", code: "OK" }), 1);
  t.equal(value("calls_total", { method: "IsAllocated", code: "NotFound" }), 1);
  t.equal(value("call_duration_seconds_count", { method: "Allocate" }), 5);
  const pool = { pool: "p", pool_type: "ippool" };
  t.equal(value("pool_size_addresses", pool), 20);
  t.equal(value("pool_used_addresses", pool), 2);
  t.equal(value("pool_excluded_addresses", pool), 6, "five and the gateway");
  t.equal(value("pool_free_addresses", pool), 12);
  t.equal(value("pool_size_addresses", { pool: "p", pool_type: "cidrpool" }), 2 ** 64);
  t.equal(value("pool_used_addresses", { pool: "p", pool_type: "cidrpool" }), 1);
  const commits = value("store_commit_duration_seconds_count")!;
  t.equal(commits - before.value("store_commit_duration_seconds_count")!, 5, "four ADDs and a DEL");
  t.equal(value("store_batch_calls_count"), commits);
  t.ok(value("store_commit_duration_seconds_sum")! > 0);
  t.equal(value("ready"), 1);
});

test("calls that come together share commits, and the figures say so", async (t) => {
  const daemon = await start(t, { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 500 }) });
  const before = await daemon.scrape();
  await Promise.all(Array.from({ length: 40 }, (_, i) => call(daemon, "ADD", `c${i}`)));
  const { value } = await daemon.scrape();
  t.equal(value("calls_total", { method: "Allocate", code: "OK" }), 40);
  const grown = (name: string) => value(name)! - before.value(name)!;
  t.equal(grown("store_batch_calls_sum"), 40);
  t.ok(grown("store_batch_calls_count") <= 40);
});

test("a pool that is gone leaves no series", async (t) => {
  const daemon = await start(t, { "p.json": ipPool("p", spec), "q.json": ipPool("q", spec) });
  t.equal((await daemon.scrape()).value("pool_size_addresses", { pool: "q" }), 20);
  rmSync(join(daemon.pools, "q.json"));
  let scrape = await daemon.scrape();
  while (scrape.value("pool_size_addresses", { pool: "q" }) !== undefined) scrape = await daemon.scrape();
  t.equal(scrape.value("pool_size_addresses", { pool: "p" }), 20);
  const text = JSON.stringify([...scrape.families]);
  t.notMatch(text, /"pool":"q"/);
});

test("a store at fault: not ready, no figures of pools, all others", async (t) => {
  const daemon = await start(t, { "p.json": ipPool("p", spec) });
  t.equal(await call(daemon, "ADD", "a"), 0);
  rmSync(daemon.store);
  t.equal(await call(daemon, "ADD", "b"), 1);
  const { value } = await daemon.scrape();
  t.equal(value("ready"), 0);
  t.equal(value("pools_collect_success"), 0);
  t.equal(value("pool_used_addresses"), undefined);
  t.equal(value("calls_total", { method: "Allocate", code: "OK" }), 1);
});
