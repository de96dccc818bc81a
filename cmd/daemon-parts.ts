// SPDX-License-Identifier: Apache-2.0
// The daemon's parts as the flags ask for them.
import type { Logger } from "../lib/log/log.ts";
import { startMetricsServer } from "../lib/metrics/server.ts";
import type { HttpAddress } from "../lib/node/bind-address.ts";
import type { DaemonParts } from "../lib/node/daemon.ts";
import { refuseBesideGoDaemon } from "../lib/node/import-go-daemon.ts";
import { install } from "../lib/node/installer.ts";
import { meterHandlers } from "../lib/node/metered-handlers.ts";
import { startProbes } from "../lib/node/probes.ts";
import { createService } from "../lib/node/service.ts";
import { claimSocketPath } from "../lib/node/socket-path.ts";
import { startStore } from "../lib/node/store-desk.ts";
import { startRpcServer } from "../lib/rpc/server.ts";
import type { DaemonMetrics } from "./daemon-metrics.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import { startHttpEndpoint } from "./http-endpoint.ts";
import type { PoolOrigin } from "./pool-origin.ts";
import { storeWorkerUrl } from "./worker-url.ts";

export type DaemonSurroundings = { readonly origin: PoolOrigin; readonly metrics: DaemonMetrics };

/** Each part logs under its own name. */
export function daemonParts(
  settings: DaemonSettings,
  { origin, metrics }: DaemonSurroundings,
  log: Logger,
): DaemonParts {
  const { nodeName, storeFile, storeSynchronous: synchronous, bind, installation } = settings;
  return {
    async openStore() {
      await refuseBesideGoDaemon(storeFile, bind);
      const store = await startStore({
        storeFile,
        open: { synchronous, nodeName },
        workerUrl: storeWorkerUrl(),
        meter: metrics.store,
      });
      const { imported } = store.origin;
      if (imported !== undefined) log.named("store").info("imported the Go daemon's store", imported);
      return store;
    },
    async claimAddress() {
      if (bind.kind === "unix") await claimSocketPath(bind.path);
    },
    install: () => install(installation, log.named("installer")),
    startProbes: (readiness) => {
      const start = (address: HttpAddress) => startProbes(address, () => readiness.reason());
      return startHttpEndpoint({ ...settings.probes, start }, log.named("probes"));
    },
    startMetrics(desk, readiness) {
      metrics.observe(desk, readiness);
      const metricsLog = log.named("metrics");
      const start = (address: HttpAddress) =>
        startMetricsServer({ address, source: metrics.source, log: metricsLog });
      return startHttpEndpoint({ ...settings.metrics, start }, metricsLog);
    },
    watchPools: (target) => origin.watchPools(target),
    async listen(desk, readiness) {
      const address = settings.bindAddress;
      const server = await startRpcServer({
        address,
        handlers: meterHandlers(
          createService({ desk: origin.attach(desk), nodeName, requirePod: origin.requirePod }),
          metrics.calls,
        ),
        health: readiness,
        log: log.named("rpc"),
      }).catch((error: unknown) => {
        throw new Error(`cannot listen on ${address}`, { cause: error });
      });
      log.info("listening", { address: server.address });
      return server;
    },
  };
}
