// SPDX-License-Identifier: Apache-2.0
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import type { Exposition } from "./exposition.ts";
import { LATENCY_BUCKETS } from "./latency-buckets.ts";

/** `kind`: "IPPool" or "CIDRPool"; outcomes are a few fixed words. */
export type ControllerMeter = {
  reconciled(kind: string, outcome: string, seconds: number): void;
  statusWritten(kind: string, outcome: string): void;
  /** How many matching nodes a pool has no block for; undefined: the pool is gone. */
  nodesWithoutBlock(kind: string, name: string, count: number | undefined): void;
  /** Pools that wait to be reconciled. */
  queueLength(pools: number): void;
  /** Whether this process is the one that works. */
  leader(isLeader: boolean): void;
};

/** What the controller does. Pools are labelled as the daemon labels them, so the two can be joined. */
export function exposeController({ registry }: Exposition): ControllerMeter {
  const registers = [registry];
  const counter = (name: string, help: string): Counter =>
    new Counter({ name, help, labelNames: ["pool_type", "outcome"], registers });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name, help, labelNames, registers });
  const reconciles = counter("nv_ipam_controller_reconciles_total", "Reconciles of a pool by their outcome.");
  const duration = new Histogram({
    name: "nv_ipam_controller_reconcile_duration_seconds",
    help: "Time that a reconcile took, its write included.",
    labelNames: ["pool_type"],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const writes = counter(
    "nv_ipam_controller_status_writes_total",
    "Writes of a pool's status by their outcome.",
  );
  const without = gauge(
    "nv_ipam_controller_nodes_without_block",
    "Nodes that match the pool's selector and have no block of it.",
    ["pool", "pool_type"],
  );
  const queue = gauge("nv_ipam_controller_queue_length", "Pools that wait to be reconciled.");
  const leader = gauge("nv_ipam_controller_leader", "1 while this process is the one that works, else 0.");
  return {
    reconciled(kind, outcome, seconds) {
      reconciles.inc({ pool_type: kind.toLowerCase(), outcome });
      duration.observe({ pool_type: kind.toLowerCase() }, seconds);
    },
    statusWritten: (kind, outcome) => writes.inc({ pool_type: kind.toLowerCase(), outcome }),
    nodesWithoutBlock(kind, pool, count) {
      const labels = { pool, pool_type: kind.toLowerCase() };
      if (count === undefined) without.remove(labels);
      else without.set(labels, count);
    },
    queueLength: (pools) => queue.set(pools),
    leader: (isLeader) => leader.set(isLeader ? 1 : 0),
  };
}
