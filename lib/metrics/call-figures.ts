// SPDX-License-Identifier: Apache-2.0
import Counter from "prom-client/lib/counter.js";
import Histogram from "prom-client/lib/histogram.js";
import type { Exposition } from "./exposition.ts";
import { LATENCY_BUCKETS } from "./latency-buckets.ts";

/** Series that are there from the start: a rate over one that appears with its first event misses that event. */
const FROM_THE_START = ["Allocate", "IsAllocated", "Deallocate"];

export type CallMeter = {
  /** `method`: "Allocate"; `code`: the gRPC status by name, "OK". Both come from fixed lists, so the series are few. */
  called(method: string, code: string, seconds: number): void;
};

/** The daemon's gRPC calls. */
export function exposeCalls({ registry }: Exposition): CallMeter {
  const calls = new Counter({
    name: "nv_ipam_calls_total",
    help: "Calls of plugins and debug commands that have been answered.",
    labelNames: ["method", "code"],
    registers: [registry],
  });
  const duration = new Histogram({
    name: "nv_ipam_call_duration_seconds",
    help: "Time from a call's request to its outcome, the commit included.",
    labelNames: ["method"],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  for (const method of FROM_THE_START) {
    calls.inc({ method, code: "OK" }, 0);
    duration.zero({ method });
  }
  return {
    called(method, code, seconds) {
      calls.inc({ method, code });
      duration.observe({ method }, seconds);
    },
  };
}
