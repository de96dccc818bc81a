// SPDX-License-Identifier: Apache-2.0
import { exposeCalls } from "../lib/metrics/call-figures.ts";
import { type CleanerFigures, type CleanerMeter, exposeCleaner } from "../lib/metrics/cleaner-figures.ts";
import { Exposition, type ScrapeSource } from "../lib/metrics/exposition.ts";
import { exposePools } from "../lib/metrics/pool-figures.ts";
import { exposeProcess } from "../lib/metrics/process-figures.ts";
import { exposeReadiness } from "../lib/metrics/readiness-figure.ts";
import { exposeStore } from "../lib/metrics/store-figures.ts";
import { exposeWatches, type WatchState } from "../lib/metrics/watch-figures.ts";
import type { Desk } from "../lib/node/call.ts";
import type { CallMeter } from "../lib/node/metered-handlers.ts";
import type { StoreMeter } from "../lib/node/store-thread.ts";
import { version } from "./version.ts";

/** The daemon's meters, and what a scrape reads from them. */
export type DaemonMetrics = {
  readonly source: ScrapeSource;
  readonly calls: CallMeter;
  readonly store: StoreMeter;
  /** Adds what is read from the running daemon at each scrape. */
  observe(desk: Desk, readiness: { serving(): boolean }): void;
  /** Adds what only a daemon on Kubernetes has; `watches` by the plural of what they show. */
  observeCluster(watches: Readonly<Record<string, WatchState>>): CleanerMeter;
};

export function createDaemonMetrics(): DaemonMetrics {
  const exposition = new Exposition();
  exposeProcess(exposition, version);
  let cleaner: CleanerFigures | undefined;
  return {
    source: exposition,
    calls: exposeCalls(exposition),
    store: exposeStore(exposition),
    observe(desk, readiness) {
      exposeReadiness(exposition, () => readiness.serving());
      exposePools(exposition, {
        list: (signal) => desk.call("listPools", null, signal),
        onList: (pools) => cleaner?.setPools(pools),
      });
    },
    observeCluster(watches) {
      exposeWatches(exposition, watches);
      cleaner = exposeCleaner(exposition);
      return cleaner;
    },
  };
}
