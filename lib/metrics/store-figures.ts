// SPDX-License-Identifier: Apache-2.0
import Histogram from "prom-client/lib/histogram.js";
import type { Exposition } from "./exposition.ts";
import { LATENCY_BUCKETS } from "./latency-buckets.ts";

export type StoreMeter = {
  /** A commit went to the disk. */
  committed(seconds: number, calls: number): void;
};

/** The store's commits. */
export function exposeStore({ registry }: Exposition): StoreMeter {
  const duration = new Histogram({
    name: "nv_ipam_store_commit_duration_seconds",
    help: "Time that a commit took to be on the disk.",
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const batch = new Histogram({
    name: "nv_ipam_store_batch_calls",
    help: "Calls that shared a commit.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [registry],
  });
  return {
    committed(seconds, calls) {
      duration.observe(seconds);
      batch.observe(calls);
    },
  };
}
