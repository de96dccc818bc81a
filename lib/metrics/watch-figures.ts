// SPDX-License-Identifier: Apache-2.0
import Gauge from "prom-client/lib/gauge.js";
import type { Exposition } from "./exposition.ts";

/** A cache of the API's objects that a watch keeps. */
export type WatchState = {
  /** The first complete list has come. */
  readonly synced: boolean;
  /** Why the cache may be old; undefined: it is not. */
  readonly trouble: string | undefined;
};

/** `watches`: by the plural of what they show, "ippools". */
export function exposeWatches(exposition: Exposition, watches: Readonly<Record<string, WatchState>>): void {
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name, help, labelNames: ["resource"], registers: [exposition.registry] });
  const synced = gauge("nv_ipam_watch_synced", "1 once the objects have been listed completely, else 0.");
  const stale = gauge(
    "nv_ipam_watch_stale",
    "1 while listing or watching fails, so what is known may be old, else 0.",
  );
  exposition.beforeRender(() => {
    for (const [resource, watch] of Object.entries(watches)) {
      synced.set({ resource }, watch.synced ? 1 : 0);
      stale.set({ resource }, watch.trouble === undefined ? 0 : 1);
    }
  });
}
