// SPDX-License-Identifier: Apache-2.0
import { rangeSize } from "../ip/range.ts";
import type { PoolRef } from "../pool/pool.ts";
import { chooseNext } from "./allocator.ts";
import type { Calls, PoolState } from "./call.ts";
import type { PoolEntry, PoolTable } from "./pool-table.ts";

/** Every pool, ordered by type and name. */
export function listPools(table: PoolTable): PoolState[] {
  return table.list().map((entry) => stateOf(entry, table.staleReason(entry)));
}

function stateOf({ ref, served, used, last, brokenShare }: PoolEntry, reason?: string): PoolState {
  const staleReason = brokenShare === undefined ? reason : `invalid config: ${brokenShare}`;
  const stale = staleReason === undefined ? {} : { staleReason };
  if (served === undefined)
    return { pool: ref, size: 0n, used: BigInt(used), free: 0n, excluded: 0n, ...stale };
  const { share, free } = served;
  const next = chooseNext(share, free, last);
  return {
    pool: ref,
    share,
    size: rangeSize(share.range),
    used: BigInt(used),
    free: free.size,
    excluded: free.excluded,
    ...(next !== undefined && { next }),
    ...stale,
  };
}

/** Those of the pools that could give no address now, with the reason as a sentence without the pool's name. */
export function checkPools(
  table: PoolTable,
  { pools }: Calls["checkPools"]["request"],
): Calls["checkPools"]["answer"] {
  return pools.flatMap((pool) => {
    const reason = findReason(table, pool);
    return reason === undefined ? [] : [{ pool, reason }];
  });
}

function findReason(table: PoolTable, pool: PoolRef): string | undefined {
  const entry = table.find(pool);
  if (entry?.served !== undefined) return entry.served.free.size > 0n ? undefined : "no free addresses";
  if (entry?.brokenShare !== undefined) return `invalid config: ${entry.brokenShare}`;
  if (!table.isKnown(pool.type)) return "not known yet: the pools have not been read since the start";
  return table.reasonFor(pool) ?? "no such pool, or no addresses of it for this node";
}
