// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../log/printable.ts";
import { readResultCache } from "./recover-cache.ts";
import { readPages } from "./recover-pages.ts";
import { planRecovery, type RecoveryPlan } from "./recover-plan.ts";
import { type PodAddress, type PodSource, readPodAddresses } from "./recover-pods.ts";
import { salvage } from "./recover-rows.ts";
import { DAEMON_LOOKS_MS } from "./store-lock.ts";
import { logOf } from "./store-log-file.ts";
import { openStoreReadOnly } from "./store-read-only.ts";
import { rebuildStore } from "./store-rebuild.ts";
import { isRecoveryUnfinished, putInPlace } from "./store-recovered.ts";

export type RecoveryOptions = {
  readonly storeFile: string;
  /** Of the container runtime's libcni. */
  readonly resultsDir: string;
  /** Multus' own; its libcni's results are below it. */
  readonly multusDir: string;
  /** Absent: there is no API to ask. */
  readonly pods?: PodSource;
};

export type Recovery =
  /** `reason`: why the store needs it, a sentence that names the file. */
  | { readonly status: "planned"; readonly reason: string; readonly plan: RecoveryPlan }
  /** A recovery that was broken off is to be finished; what the new store holds was decided then. */
  | { readonly status: "unfinished"; readonly reason: string }
  /** There is nothing to recover, or it must not be done now; `message` says why. */
  | { readonly status: "refused"; readonly message: string };

/** Looks at everything and changes nothing. Rejects with the system's error when the store cannot be read at all. */
export async function prepareRecovery(options: RecoveryOptions): Promise<Recovery> {
  const { storeFile } = options;
  if (isRecoveryUnfinished(storeFile)) {
    return {
      status: "unfinished",
      reason: `a recovery of store ${storeFile} was broken off before its last step`,
    };
  }
  const look = openStoreReadOnly(storeFile, DAEMON_LOOKS_MS);
  switch (look.status) {
    case "ok":
      look.store.close();
      return { status: "refused", message: `store ${storeFile} is not damaged: there is nothing to recover` };
    case "locked":
      return { status: "refused", message: `${look.message}: a store that is served is not damaged` };
    case "fault":
      if (!look.isDamage) return { status: "refused", message: `${look.message}: that is no damage` };
  }
  const pods = await readPods(options.pods);
  const plan = planRecovery({
    store: salvage(readPages(storeFile)),
    runtime: [readResultCache(options.resultsDir), readResultCache(join(options.multusDir, "results"))],
    pods: pods.addresses,
    nowMs: Date.now(),
  });
  if (look.status === "missing" && isEmpty(plan) && !existsSync(logOf(storeFile))) {
    const message = `${look.message}, and nothing else tells of a reservation: look at --store-file; where there was none, the daemon makes one by itself`;
    return { status: "refused", message };
  }
  return {
    status: "planned",
    reason: look.message,
    plan: { ...plan, notes: [...plan.notes, ...pods.notes] },
  };
}

function isEmpty({ pools, reservations, leftOut }: RecoveryPlan): boolean {
  return pools.length + reservations.length + leftOut.length === 0;
}

/**
 * Does what prepareRecovery planned; gives the name that the damaged store has now, undefined when there was none. It can
 * be broken off at any time and repeated.
 */
export function carryOut(
  storeFile: string,
  recovery: Exclude<Recovery, { status: "refused" }>,
): string | undefined {
  if (recovery.status === "planned") rebuildStore(storeFile, recovery.plan);
  return putInPlace(storeFile);
}

async function readPods(
  source: PodSource | undefined,
): Promise<{ addresses: PodAddress[]; notes: string[] }> {
  const addresses: PodAddress[] = [];
  if (source === undefined)
    return { addresses, notes: ["pods' network-status was not read: no access to a Kubernetes API"] };
  const notes: string[] = [];
  try {
    for (const pod of await source.podsOfThisNode()) {
      try {
        addresses.push(...readPodAddresses(pod));
      } catch (error) {
        notes.push(
          `network-status of pod ${pod.namespace}/${pod.name} cannot be read: ${describeError(error)}`,
        );
      }
    }
  } catch (error) {
    notes.push(`pods' network-status was not read: ${describeError(error)}`);
  }
  return { addresses, notes };
}
