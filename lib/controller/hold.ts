// SPDX-License-Identifier: Apache-2.0
import { blockKey } from "../pool/block-key.ts";
import { isBlockOf } from "../pool/entry.ts";
import type { Pool, PoolAllocation } from "../pool/pool.ts";
import type { ReleasedBlock, ReleasedBlocks } from "./released-blocks.ts";

export type HoldInput = {
  readonly pool: Pool;
  /** Blocks given back before. */
  readonly released: ReleasedBlocks;
  /** status.allocations as it was. */
  readonly last: readonly PoolAllocation[];
  readonly nowMs: number;
  /** How long a block waits for its node; 0: not at all. */
  readonly delayMs: number;
};

export type Hold = {
  /** Who had which block last, as far as it is known; those of `last` included. */
  readonly released: Map<string, ReleasedBlock>;
  /** Blocks that no other node gets yet, the youngest first. */
  readonly held: readonly ReleasedBlock[];
};

/**
 * Which blocks wait for the nodes that had them, should those not keep them: a node goes, or an edit gives it another block,
 * while pods of it still have the addresses. Blocks that an edit of the pool's sizes broke up wait for nobody. Times are whole
 * seconds, as status has them, and none lies in the future: a clock that was set back makes no block wait for longer than the
 * delay.
 */
export function holdBlocks({ pool, released: before, last, nowMs, delayMs }: HoldInput): Hold {
  const thisSecondMs = Math.ceil(nowMs / 1000) * 1000;
  const released = new Map<string, ReleasedBlock>();
  for (const [key, { entry, releasedAtMs }] of before) {
    released.set(key, { entry, releasedAtMs: Math.min(releasedAtMs, thisSecondMs) });
  }
  for (const entry of last) {
    const key = blockKey(entry);
    if (key !== undefined && isBlockOf(pool, entry)) released.set(key, { entry, releasedAtMs: thisSecondMs });
  }
  const held = [...released.values()]
    .filter(({ releasedAtMs }) => delayMs > 0 && nowMs < releasedAtMs + delayMs)
    .sort((a, b) => b.releasedAtMs - a.releasedAtMs);
  return { released, held };
}
