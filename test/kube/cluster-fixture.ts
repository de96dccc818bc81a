// SPDX-License-Identifier: Apache-2.0
// What the tests of lib/kube stand on: a cluster opened for one test, and a record of what a watch told.
import { setTimeout as sleep } from "node:timers/promises";
import type { Change } from "../../lib/kube/change.ts";
import { type Cluster, openCluster } from "../../lib/kube/cluster.ts";
import type { ReflectorTiming } from "../../lib/kube/reflector.ts";
import type { Watched } from "../../lib/kube/watched.ts";
import type { Logger } from "../../lib/log/log.ts";
import { silentLog } from "../support/log.ts";

type Teardown = { teardown(end: () => unknown): void };

/** Short waits where a test breaks something on purpose. */
export const quick: ReflectorTiming = { firstMs: 20, longestMs: 200 };

export async function openTestCluster(
  t: Teardown,
  kubeconfig: string,
  log: Logger = silentLog,
): Promise<Cluster> {
  const cluster = await openCluster({ kubeconfig }, log);
  t.teardown(() => cluster.close());
  return cluster;
}

/** The cluster with a count of the calls that were begun. */
export function counted(cluster: Cluster): { readonly cluster: Cluster; readonly calls: () => number } {
  let calls = 0;
  const call: Cluster["call"] = (asked) => {
    calls++;
    return cluster.call(asked);
  };
  return { cluster: { ...cluster, call }, calls: () => calls };
}

export type Followed<T> = {
  readonly changes: readonly Change<T>[];
  /** The changes so far, as "+key", "-key" and "~key"; forgets them. */
  take(): string[];
};

/** Starts the watch, which ends with the test, and waits for its first list. */
export async function follow<T>(t: Teardown, watched: Watched<T>): Promise<Followed<T>> {
  const changes: Change<T>[] = [];
  watched.onChange((change) => changes.push(change));
  watched.start();
  t.teardown(() => watched.stop());
  await watched.whenSynced();
  return {
    changes,
    take: () =>
      changes.splice(0).map(({ key, before, after }) => {
        if (before === undefined) return `+${key}`;
        return after === undefined ? `-${key}` : `~${key}`;
      }),
  };
}

/** Waits until the condition holds; rejects with its text after half a minute. */
export async function until(condition: () => boolean, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never came true: ${condition}`);
    await sleep(5);
  }
}
