// SPDX-License-Identifier: Apache-2.0
// The registries of both programs with one event in everything that counts events.
import { createDaemonMetrics, type DaemonMetrics } from "../../cmd/daemon-metrics.ts";
import { version } from "../../cmd/version.ts";
import type { CleanerMeter } from "../../lib/metrics/cleaner-figures.ts";
import { type ControllerMeter, exposeController } from "../../lib/metrics/controller-figures.ts";
import { Exposition, type ScrapeSource } from "../../lib/metrics/exposition.ts";
import { exposeProcess } from "../../lib/metrics/process-figures.ts";
import { exposeReadiness } from "../../lib/metrics/readiness-figure.ts";
import { exposeWatches } from "../../lib/metrics/watch-figures.ts";
import type { Desk, PoolState } from "../../lib/node/call.ts";

/** A pool's state with 100 addresses, 7 used, 3 excluded. */
export const poolState = (name: string, more: Partial<PoolState> = {}): PoolState => ({
  pool: { type: "ippool", name },
  size: 100n,
  used: 7n,
  excluded: 3n,
  free: 90n,
  ...more,
});

/** A desk that only lists pools. */
export const listing = (list: () => Promise<readonly PoolState[]>): Desk => ({ call: list as Desk["call"] });

const watches = {
  ippools: { synced: true, trouble: undefined },
  pods: { synced: false, trouble: "the API is away" },
};

/** A daemon's metrics on Kubernetes over this desk. */
export function daemonMetrics(desk: Desk): DaemonMetrics & { readonly cleaner: CleanerMeter } {
  const metrics = createDaemonMetrics();
  metrics.observe(desk, { serving: () => true });
  const cleaner = metrics.observeCluster(watches);
  return { ...metrics, cleaner };
}

export function busyDaemon(): DaemonMetrics {
  const metrics = daemonMetrics(listing(async () => [poolState("p")]));
  metrics.calls.called("Allocate", "NotFound", 0.002);
  metrics.store.committed(0.003, 5);
  metrics.cleaner.released("ippool", "p");
  metrics.cleaner.round("complete");
  return metrics;
}

export function busyController(): { readonly source: ScrapeSource; readonly meter: ControllerMeter } {
  const source = new Exposition();
  exposeProcess(source, version);
  exposeReadiness(source, () => true);
  exposeWatches(source, watches);
  const meter = exposeController(source);
  meter.reconciled("IPPool", "written", 0.02);
  meter.statusWritten("IPPool", "ok");
  meter.nodesWithoutBlock("IPPool", "p", 2);
  meter.queueLength(3);
  meter.leader(true);
  return { source, meter };
}
