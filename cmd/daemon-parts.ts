// SPDX-License-Identifier: Apache-2.0
// The daemon's parts as the flags ask for them.
import type { Logger } from "../lib/log/log.ts";
import type { HttpAddress } from "../lib/node/bind-address.ts";
import type { DaemonParts } from "../lib/node/daemon.ts";
import { install } from "../lib/node/installer.ts";
import { watchPoolsDir } from "../lib/node/pools-dir.ts";
import { startProbes } from "../lib/node/probes.ts";
import type { Readiness } from "../lib/node/readiness.ts";
import { createService } from "../lib/node/service.ts";
import { claimSocketPath } from "../lib/node/socket-path.ts";
import { startStoreThread } from "../lib/node/store-thread.ts";
import { startRpcServer } from "../lib/rpc/server.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import { storeWorkerUrl } from "./worker-url.ts";

const nothing = { stop: () => undefined };

/** Each part logs under its own name. */
export function daemonParts(settings: DaemonSettings, poolsDir: string, log: Logger): DaemonParts {
  const { nodeName, storeFile, bind, installation } = settings;
  return {
    openStore: () => startStoreThread({ storeFile, workerUrl: storeWorkerUrl() }),
    async claimAddress() {
      if (bind.kind === "unix") await claimSocketPath(bind.path);
    },
    install: () => install(installation, log.named("installer")),
    startProbes: (readiness) => startProbesAt(settings, readiness, log.named("probes")),
    async watchPools(target) {
      const watch = watchPoolsDir({ dir: poolsDir, nodeName, log: log.named("pools"), ...target });
      await watch.start();
      return watch;
    },
    async listen(desk, readiness) {
      const address = settings.bindAddress;
      const server = await startRpcServer({
        address,
        handlers: createService({ desk, nodeName, requirePod: false }),
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

type ProbeSettings = { readonly probes?: HttpAddress; readonly probesChosen: boolean };

/** Nobody probes a host without Kubernetes: there the standard port may be somebody else's, the one asked for may not. */
async function startProbesAt(
  { probes, probesChosen }: ProbeSettings,
  readiness: Readiness,
  log: Logger,
): Promise<{ stop(): void | Promise<void> }> {
  if (probes === undefined) return nothing;
  const host = probes.host.includes(":") ? `[${probes.host}]` : probes.host;
  try {
    const { port, stop } = await startProbes(probes, () => readiness.reason());
    log.info("health probes", { address: `${host}:${port}` });
    return { stop };
  } catch (error) {
    const where = `${host}:${probes.port}`;
    if (probesChosen)
      throw new Error(`health-probe-bind-address: cannot listen on ${where}`, { cause: error });
    log.warn("no health probes: the standard address cannot be had", { address: where, err: error });
    return nothing;
  }
}
