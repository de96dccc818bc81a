// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from "node:timers/promises";
import { test } from "tap";
import { version } from "../../cmd/version.ts";
import type { Caller, PoolState } from "../../lib/node/call.ts";
import { busyController, busyDaemon, daemonMetrics, listing, poolState } from "./every-figure.ts";
import { type Family, findValue, parseScrape } from "./scrape-text.ts";

type Source = { render(): Promise<string> };

const read = async (source: Source): Promise<Map<string, Family>> => parseScrape(await source.render());
const reader =
  (families: ReadonlyMap<string, Family>) =>
  (name: string, labels: Readonly<Record<string, string>> = {}) =>
    findValue(families, `nv_ipam_${name}`, labels);

test("the daemon's calls, commits, cleaner and watches", async (t) => {
  const families = await read(busyDaemon().source);
  const value = reader(families);
  t.equal(value("calls_total", { method: "Allocate", code: "NotFound" }), 1);
  t.equal(value("calls_total", { method: "Allocate", code: "OK" }), 0, "there before the first call");
  t.equal(value("call_duration_seconds_bucket", { method: "Allocate", le: "0.001" }), 0);
  t.equal(value("call_duration_seconds_bucket", { method: "Allocate", le: "0.0025" }), 1);
  t.equal(value("call_duration_seconds_sum", { method: "Allocate" }), 0.002);
  t.equal(value("call_duration_seconds_count", { method: "Deallocate" }), 0);
  t.equal(value("store_commit_duration_seconds_bucket", { le: "0.0025" }), 0);
  t.equal(value("store_commit_duration_seconds_bucket", { le: "0.005" }), 1);
  t.equal(value("store_batch_calls_bucket", { le: "4" }), 0);
  t.equal(value("store_batch_calls_bucket", { le: "8" }), 1);
  t.equal(value("cleaner_released_total", { pool: "p", pool_type: "ippool" }), 1);
  t.equal(value("cleaner_rounds_total", { outcome: "complete" }), 1);
  t.equal(value("cleaner_rounds_total", { outcome: "failed" }), 0);
  t.equal(value("watch_synced", { resource: "ippools" }), 1);
  t.equal(value("watch_stale", { resource: "ippools" }), 0);
  t.equal(value("watch_synced", { resource: "pods" }), 0);
  t.equal(value("watch_stale", { resource: "pods" }), 1);
  t.equal(value("ready"), 1);
  t.equal(value("build_info", { version, nodejs_version: process.versions.node }), 1);
});

test("the controller's figures, until the pool is gone", async (t) => {
  const { source, meter } = busyController();
  const value = reader(await read(source));
  t.equal(value("controller_reconciles_total", { pool_type: "ippool", outcome: "written" }), 1);
  t.equal(value("controller_reconcile_duration_seconds_sum", { pool_type: "ippool" }), 0.02);
  t.equal(value("controller_status_writes_total", { pool_type: "ippool", outcome: "ok" }), 1);
  t.equal(value("controller_nodes_without_block", { pool: "p", pool_type: "ippool" }), 2);
  t.equal(value("controller_queue_length"), 3);
  t.equal(value("controller_leader"), 1);
  meter.nodesWithoutBlock("IPPool", "p", undefined);
  meter.leader(false);
  const later = reader(await read(source));
  t.equal(later("controller_nodes_without_block"), undefined);
  t.equal(later("controller_leader"), 0);
});

test("the process's figures are those of this process", async (t) => {
  await setImmediate(); // the event loop counts its time from its first turn on
  const families = await read(busyDaemon().source);
  const { rss } = process.memoryUsage();
  const resident = findValue(families, "process_resident_memory_bytes")!;
  t.ok(resident > rss / 2 && resident < rss * 2, `${resident} beside ${rss}`);
  const cpu = process.cpuUsage();
  const seconds = findValue(families, "process_cpu_seconds_total")!;
  t.ok(seconds > 0 && seconds <= (cpu.user + cpu.system) / 1e6);
  const started = findValue(families, "process_start_time_seconds")!;
  t.ok(Math.abs(started - (Date.now() / 1000 - process.uptime())) < 5);
  t.ok(findValue(families, "process_open_fds")! >= 3);
  t.ok(findValue(families, "nodejs_eventloop_busy_seconds_total")! > 0);
});

test("totals of the process do not count twice", async (t) => {
  const { source } = busyDaemon();
  await source.render();
  const seconds = findValue(await read(source), "process_cpu_seconds_total")!;
  const cpu = process.cpuUsage();
  t.ok(seconds <= (cpu.user + cpu.system) / 1e6, `${seconds}`);
});

test("pools come and go with the store's list, their cleaner's counts too", async (t) => {
  let pools: PoolState[] = [
    poolState("p"),
    poolState("p", { pool: { type: "cidrpool", name: "p" }, size: 2n ** 64n, staleReason: "invalid edit" }),
  ];
  const { source, cleaner } = daemonMetrics(listing(async () => pools));
  cleaner.released("cidrpool", "p");
  const value = reader(await read(source));
  const labels = { pool: "p", pool_type: "ippool" };
  t.equal(value("pool_size_addresses", labels), 100);
  t.equal(value("pool_used_addresses", labels), 7);
  t.equal(value("pool_excluded_addresses", labels), 3);
  t.equal(value("pool_free_addresses", labels), 90);
  t.equal(value("pool_share_stale", labels), 0);
  t.equal(value("pool_size_addresses", { pool_type: "cidrpool" }), 2 ** 64, "an IPv6 share");
  t.equal(value("pool_share_stale", { pool_type: "cidrpool" }), 1);
  t.equal(value("cleaner_released_total", labels), 0, "there before its first release");
  t.equal(value("cleaner_released_total", { pool_type: "cidrpool" }), 1);
  t.equal(value("pools_collect_success"), 1);
  pools = pools.slice(0, 1);
  const later = reader(await read(source));
  t.equal(later("pool_size_addresses"), 100, "one series is left");
  t.equal(later("cleaner_released_total"), 0, "the count of the pool that is gone went with it");
});

test("names that need escaping come out as they are", async (t) => {
  const name = 'a"b\\c\nd{}';
  const { source } = daemonMetrics(listing(async () => [poolState(name)]));
  t.equal(reader(await read(source))("pool_used_addresses", { pool: name }), 7);
});

test("a store that fails or hangs takes the pools' figures only, and for a second at most", async (t) => {
  const callers: (Caller | undefined)[] = [];
  const failing = listing(() => Promise.reject(new Error("store is damaged")));
  const hanging: Parameters<typeof daemonMetrics>[0] = {
    call(_name, _request, caller) {
      callers.push(caller);
      return new Promise(() => undefined);
    },
  };
  for (const desk of [failing, hanging]) {
    const began = performance.now();
    const value = reader(await read(daemonMetrics(desk).source));
    t.ok(performance.now() - began < 10_000);
    t.equal(value("pools_collect_success"), 0);
    t.equal(value("pool_used_addresses"), undefined);
    t.equal(value("ready"), 1);
  }
  t.equal(callers[0]?.aborted, true, "what is still waiting for the store is taken back");
});

test("scrapes that come together cost one list of the pools", async (t) => {
  let lists = 0;
  const { source } = daemonMetrics(
    listing(async () => {
      lists++;
      return [poolState("p")];
    }),
  );
  const texts = await Promise.all(Array.from({ length: 20 }, () => source.render()));
  t.equal(lists, 1);
  t.equal(new Set(texts).size, 1);
  await source.render();
  t.equal(lists, 2, "the next one is answered anew");
});
