// SPDX-License-Identifier: Apache-2.0
import Gauge from "prom-client/lib/gauge.js";
import type { Exposition } from "./exposition.ts";

/** Counts of addresses; bigint because an IPv6 share has more than a number tells apart. */
export type PoolCounts = {
  readonly pool: { readonly type: string; readonly name: string };
  readonly size: bigint;
  readonly used: bigint;
  readonly excluded: bigint;
  readonly free: bigint;
  /** Why the share is an older one than the pool asks for. */
  readonly staleReason?: string;
};

export type PoolSource = {
  /** Every pool with a share or a reservation on this node; `signal`: the answer is no longer waited for. */
  readonly list: (signal: AbortSignal) => Promise<readonly PoolCounts[]>;
  /** Told the pools of each list. */
  readonly onList?: (pools: readonly PoolCounts["pool"][]) => void;
  /** How long a scrape waits for the list. */
  readonly timeoutMs?: number;
};

// Prometheus gives a scrape 10 s unless told otherwise; the other figures must come even when the store hangs.
const TIMEOUT_MS = 1000;

const FIGURES: readonly [name: string, help: string, read: (pool: PoolCounts) => number][] = [
  ["size_addresses", "Addresses of this node's share, those excluded included.", ({ size }) => Number(size)],
  [
    "used_addresses",
    "Reservations, those of static addresses outside the share included.",
    ({ used }) => Number(used),
  ],
  [
    "excluded_addresses",
    "Addresses of the share that exclusions or the gateway take.",
    ({ excluded }) => Number(excluded),
  ],
  ["free_addresses", "Addresses of the share that can be given.", ({ free }) => Number(free)],
  [
    "share_stale",
    "1 while the last good share is served because the pool as it stands gives none, else 0.",
    ({ staleReason }) => (staleReason === undefined ? 0 : 1),
  ],
];

/** The pools of this node as the store has them at the moment of a scrape. */
export function exposePools(exposition: Exposition, source: PoolSource): void {
  const { list, onList, timeoutMs = TIMEOUT_MS } = source;
  const registers = [exposition.registry];
  const labelNames = ["pool", "pool_type"];
  const gauges = FIGURES.map(([name, help, read]) => ({
    gauge: new Gauge({ name: `nv_ipam_pool_${name}`, help, labelNames, registers }),
    read,
  }));
  const success = new Gauge({
    name: "nv_ipam_pools_collect_success",
    help: "1 when the store gave the pools' figures to this scrape; 0: it is at fault or slow, and they are missing.",
    registers,
  });
  exposition.beforeRender(async () => {
    const pools = await within(timeoutMs, list);
    for (const { gauge } of gauges) gauge.reset();
    success.set(pools === undefined ? 0 : 1);
    if (pools === undefined) return;
    onList?.(pools.map(({ pool }) => pool));
    for (const counts of pools) {
      const labels = { pool: counts.pool.name, pool_type: counts.pool.type };
      for (const { gauge, read } of gauges) gauge.set(labels, read(counts));
    }
  });
}

/** undefined when the list fails or does not come in time. A fault of the store is logged and probed where it arises. */
async function within(
  timeoutMs: number,
  list: PoolSource["list"],
): Promise<readonly PoolCounts[] | undefined> {
  const late = new AbortController();
  const { promise: deadline, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    late.abort();
    resolve(undefined);
  }, timeoutMs);
  try {
    return await Promise.race([list(late.signal).catch(() => undefined), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
