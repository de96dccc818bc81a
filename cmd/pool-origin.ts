// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../lib/log/log.ts";
import type { Desk } from "../lib/node/call.ts";
import type { PoolSource, ShareTarget } from "../lib/node/daemon.ts";
import { watchPoolsDir } from "../lib/node/pools-dir.ts";

/** Where the daemon's pools come from, and what else is other for it. */
export type PoolOrigin = {
  /** Whether every call must name its pod. */
  readonly requirePod: boolean;
  /** As DaemonParts has it. */
  watchPools(target: ShareTarget): Promise<PoolSource>;
  /** The store as the service should see it. Called once, when calls are about to be taken. */
  attach(desk: Desk): Desk;
};

/** Pools from a directory's manifests: no API, and callers that need not be pods. */
export function dirOrigin(dir: string, nodeName: string, log: Logger): PoolOrigin {
  return {
    requirePod: false,
    async watchPools(target) {
      const watch = watchPoolsDir({ dir, nodeName, log: log.named("pools"), ...target });
      await watch.start();
      return watch;
    },
    attach: (desk) => desk,
  };
}
