// SPDX-License-Identifier: Apache-2.0
// The daemon's parts that talk to a Kubernetes API. Loaded where there is one only.
import { openCluster } from "../lib/kube/cluster.ts";
import { createEventRecorder } from "../lib/kube/events.ts";
import { findPod, watchPods } from "../lib/kube/pods.ts";
import { watchPools } from "../lib/kube/pools.ts";
import type { Logger } from "../lib/log/log.ts";
import type { Desk } from "../lib/node/call.ts";
import { Cleaner, type CleanerMeter } from "../lib/node/cleaner.ts";
import { createClusterDesk } from "../lib/node/cluster-desk.ts";
import { ClusterShareSource } from "../lib/node/cluster-share-source.ts";
import { readOwnPool, sameOwnPool } from "../lib/node/cluster-shares.ts";
import type { ShareTarget } from "../lib/node/daemon.ts";
import { PoolEvents } from "../lib/node/pool-events.ts";
import type { DaemonMetrics } from "./daemon-metrics.ts";
import type { KubeSettings } from "./daemon-settings.ts";
import type { PoolOrigin } from "./pool-origin.ts";

// What the store remembers may be another node's by now: where the API answers, no call is taken before it did.
const FIRST_LOOK_MS = 1000;

type Watches = ReturnType<typeof createWatches>;

/** Pools from the API's status. Rejects in one line when no access to an API can be found; it need not answer yet. */
export async function openKubeOrigin(
  settings: KubeSettings,
  metrics: DaemonMetrics,
  log: Logger,
): Promise<PoolOrigin> {
  const kubeLog = log.named("kube");
  const { kubeconfig } = settings;
  const cluster = await openCluster(kubeconfig === undefined ? {} : { kubeconfig }, kubeLog);
  const watches = createWatches(cluster, settings, kubeLog);
  const meter = metrics.observeCluster({
    ippools: watches.ippool,
    cidrpools: watches.cidrpool,
    pods: watches.pods,
  });
  const recorder = createEventRecorder(cluster, { component: "ipam-node", log: kubeLog });
  const events = new PoolEvents({ record: recorder.record, findPod: (key) => watches.pods.find(key) });
  let source: ClusterShareSource | undefined;
  let cleaner: Cleaner | undefined;
  return {
    requirePod: true,
    async watchPools(target) {
      source = await startSource(watches, target, log.named("pools"));
      return {
        missing: () => source?.missing(),
        retry: () => source?.retry(),
        async stop() {
          await cleaner?.stop();
          await source?.stop();
          await Promise.all([...Object.values(watches).map((watch) => watch.stop()), recorder.stop()]);
          cluster.close();
        },
      };
    },
    attach(desk) {
      cleaner = createCleaner(desk, { cluster, watches, settings, meter, log: log.named("cleaner") });
      cleaner.start();
      return createClusterDesk({
        desk,
        staleReason: (pool) => source?.staleReason(pool),
        exhausted: (pool, metadata) => events.exhausted(pool, metadata),
        log: log.named("pools"),
      });
    },
  };
}

type Cluster = Awaited<ReturnType<typeof openCluster>>;

function createWatches(cluster: Cluster, { nodeName, namespace }: KubeSettings, log: Logger) {
  const options = {
    namespace,
    log,
    keep: (pool: Parameters<typeof readOwnPool>[0]) => readOwnPool(pool, nodeName),
    same: sameOwnPool,
  };
  return {
    ippool: watchPools(cluster, { kind: "IPPool", ...options }),
    cidrpool: watchPools(cluster, { kind: "CIDRPool", ...options }),
    pods: watchPods(cluster, { nodeName, log }),
  };
}

async function startSource(watches: Watches, target: ShareTarget, log: Logger): Promise<ClusterShareSource> {
  await target.serveLast();
  const source = new ClusterShareSource({ caches: watches, target, log });
  source.start();
  for (const watch of Object.values(watches)) watch.start();
  await source.firstLook(FIRST_LOOK_MS);
  return source;
}

type CleanerParts = {
  readonly cluster: Cluster;
  readonly watches: Watches;
  readonly settings: KubeSettings;
  readonly meter: CleanerMeter;
  readonly log: Logger;
};

function createCleaner(desk: Desk, { cluster, watches, settings, meter, log }: CleanerParts): Cleaner {
  return new Cleaner({
    desk,
    pods: watches.pods,
    findPod: (pod, signal) => findPod(cluster, pod, signal),
    nodeName: settings.nodeName,
    intervalMs: settings.cleanerIntervalMs,
    meter,
    log,
  });
}
