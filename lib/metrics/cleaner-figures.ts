// SPDX-License-Identifier: Apache-2.0
import Counter from "prom-client/lib/counter.js";
import type { Exposition } from "./exposition.ts";

export type CleanerMeter = {
  /** A stale reservation went. */
  released(poolType: string, pool: string): void;
  /** A look at all reservations has ended; "failed": the API or the store cut it short. */
  round(outcome: "complete" | "failed"): void;
};

export type CleanerFigures = CleanerMeter & {
  /** The pools that there are now: each has its count, from 0 on, and no other has one. */
  setPools(pools: readonly { readonly type: string; readonly name: string }[]): void;
};

/** What the cleaner does with stale reservations. */
export function exposeCleaner({ registry }: Exposition): CleanerFigures {
  const registers = [registry];
  const releases = new Counter({
    name: "nv_ipam_cleaner_released_total",
    help: "Stale reservations that were released.",
    labelNames: ["pool", "pool_type"],
    registers,
  });
  const rounds = new Counter({
    name: "nv_ipam_cleaner_rounds_total",
    help: "Looks at all reservations by their outcome.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["complete", "failed"]) rounds.inc({ outcome }, 0);
  const known = new Map<string, { pool: string; pool_type: string }>();
  const count = (poolType: string, pool: string, by: number): void => {
    const labels = { pool, pool_type: poolType };
    known.set(`${poolType}/${pool}`, labels);
    releases.inc(labels, by);
  };
  return {
    released: (poolType, pool) => count(poolType, pool, 1),
    round: (outcome) => rounds.inc({ outcome }),
    setPools(pools) {
      const gone = new Map(known);
      for (const { type, name } of pools) {
        gone.delete(`${type}/${name}`);
        count(type, name, 0);
      }
      for (const [key, labels] of gone) {
        known.delete(key);
        releases.remove(labels);
      }
    },
  };
}
