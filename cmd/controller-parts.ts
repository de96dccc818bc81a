// SPDX-License-Identifier: Apache-2.0
// The controller's parts as the flags ask for them.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Overlaps } from "../lib/controller/overlaps.ts";
import { createPoolController } from "../lib/controller/pool-controller.ts";
import { type PoolKind, type PoolRecord, readPoolRecord } from "../lib/controller/pool-record.ts";
import type { ProgramParts } from "../lib/controller/program.ts";
import { type Cluster, openCluster } from "../lib/kube/cluster.ts";
import { createEventRecorder } from "../lib/kube/events.ts";
import { electLeader } from "../lib/kube/lease.ts";
import { watchNodes } from "../lib/kube/nodes.ts";
import { watchPools, writePoolStatus } from "../lib/kube/pools.ts";
import type { Watched } from "../lib/kube/watched.ts";
import type { Logger } from "../lib/log/log.ts";
import { exposeController } from "../lib/metrics/controller-figures.ts";
import { Exposition } from "../lib/metrics/exposition.ts";
import { exposeProcess } from "../lib/metrics/process-figures.ts";
import { exposeReadiness } from "../lib/metrics/readiness-figure.ts";
import { exposeWatches } from "../lib/metrics/watch-figures.ts";
import { startControllerEndpoints } from "./controller-endpoints.ts";
import type { ControllerSettings } from "./controller-settings.ts";
import { version } from "./version.ts";

// The Go controller's lease: the two are never active together.
const LEASE = { name: "dd1643cf.nvidia.com", leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Rejects in one line when no access to an API can be found; the API need not answer yet. */
export async function controllerParts(settings: ControllerSettings, log: Logger): Promise<ProgramParts> {
  const { namespace, kubeconfig, electIn, reuseDelayMs } = settings;
  const kubeLog = log.named("kube");
  const cluster = await openCluster(kubeconfig === undefined ? {} : { kubeconfig }, kubeLog);
  const nodes = watchNodes(cluster, { log: kubeLog });
  const pools = {
    IPPool: watchKind(cluster, "IPPool", { namespace, log: kubeLog }),
    CIDRPool: watchKind(cluster, "CIDRPool", { namespace, log: kubeLog }),
  };
  const events = {
    IPPool: createEventRecorder(cluster, { component: "IPPoolController", log: kubeLog }),
    CIDRPool: createEventRecorder(cluster, { component: "CIDRPoolController", log: kubeLog }),
  };
  const exposition = new Exposition();
  exposeProcess(exposition, version);
  exposeWatches(exposition, { nodes, ippools: pools.IPPool, cidrpools: pools.CIDRPool });
  const meter = exposeController(exposition);
  const world = { pools, nodes, events, meter, log, reuseDelayMs, overlaps: new Overlaps() };
  const write = (pool: PoolRecord, status: object) => writePoolStatus(cluster, pool, status);
  const controllers = [
    createPoolController("IPPool", { ...world, write }),
    createPoolController("CIDRPool", { ...world, write }),
  ];
  return {
    sources: [nodes, pools.IPPool, pools.CIDRPool],
    controllers,
    startEndpoints(notReady) {
      exposeReadiness(exposition, () => notReady() === undefined);
      return startControllerEndpoints(settings, { notReady, source: exposition, log });
    },
    ...(electIn !== undefined && {
      elect: () =>
        electLeader(cluster, { ...LEASE, namespace: electIn, identity: newIdentity(), log: kubeLog }),
    }),
    events: {
      async stop() {
        await Promise.all([events.IPPool.stop(), events.CIDRPool.stop()]);
        cluster.close();
      },
    },
    meter,
    log,
  };
}

/** As the Go controller names itself. */
function newIdentity(): string {
  return `${hostname()}_${randomUUID()}`;
}

function watchKind(
  cluster: Cluster,
  kind: PoolKind,
  options: { readonly namespace: string; readonly log: Logger },
): Watched<PoolRecord> {
  return watchPools(cluster, {
    kind,
    ...options,
    keep: readPoolRecord,
    // Equal in depth would compare thousands of entries.
    same: (a, b) => a.uid === b.uid && a.resourceVersion === b.resourceVersion,
  });
}
