// SPDX-License-Identifier: Apache-2.0
// The heart of the controller: the next status of a pool, a pure function.

import { blockKey } from "../pool/block-key.ts";
import { computeBlocks } from "../pool/blocks.ts";
import type { BlockPlan } from "../pool/plan.ts";
import type { Pool, PoolAllocation } from "../pool/pool.ts";
import { holdBlocks } from "./hold.ts";
import type { Reassignment, Rendered } from "./pool-status.ts";
import { listNames, setReady, type Verdict } from "./ready-condition.ts";
import { type ReleasedBlock, type ReleasedBlocks, writeReleasedBlocks } from "./released-blocks.ts";

/** What every reconcile knows of its pool. */
export type RenderContext = {
  readonly generation: number;
  /** status as it stands, {} when there is none. */
  readonly status: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
};

export type RenderInput = RenderContext & {
  readonly pool: Pool;
  /** status.allocations as it stands. */
  readonly last: readonly PoolAllocation[];
  /** Names of the nodes that belong to the pool. */
  readonly nodes: readonly string[];
  readonly released: ReleasedBlocks;
  readonly reuseDelayMs: number;
};

/** `released`: who had which block last, for the next time. */
export type Rendering = Rendered & { readonly released: ReadonlyMap<string, ReleasedBlock> };

/** The status of a pool whose spec is valid. */
export function renderStatus(input: RenderInput): Rendering {
  const { pool, last, nodes, nowMs, reuseDelayMs } = input;
  const hold = holdBlocks({ ...input, delayMs: reuseDelayMs });
  const plan = computeBlocks(
    pool,
    last,
    nodes,
    hold.held.map(({ entry }) => entry),
  );
  const reassigned = findReassigned(plan.allocations, ownersBefore(last, hold.released));
  for (const entry of plan.allocations) hold.released.delete(blockKey(entry)!);
  const held = new Set(hold.held);
  const waiting = new Map([...hold.released].filter(([, block]) => held.has(block)));
  const nextMs = Math.min(...[...waiting.values()].map(({ releasedAtMs }) => releasedAtMs + reuseDelayMs));
  return {
    status: {
      allocations: plan.allocations,
      conditions: setReady(input.status.conditions, judge(pool, plan, waiting.size), input),
      observedGeneration: input.generation,
      allocatedNodes: plan.allocations.length,
      freeBlocks: toSafeNumber(plan.free),
      ...(waiting.size > 0 && { releasedBlocks: writeReleasedBlocks(waiting) }),
    },
    withoutBlock: plan.withoutBlock,
    reassigned,
    released: hold.released,
    ...(waiting.size > 0 && { nextChangeInMs: nextMs - nowMs }),
  };
}

/** What stands in status stays when no new one can be made; no node gets a block. */
export function renderUnchanged(context: RenderContext, verdict: Verdict): Rendered {
  const { status, generation } = context;
  const allocations: readonly unknown[] = Array.isArray(status.allocations) ? status.allocations : [];
  return {
    status: {
      allocations,
      conditions: setReady(status.conditions, verdict, context),
      observedGeneration: generation,
      allocatedNodes: allocations.length,
      freeBlocks: 0,
      ...(Array.isArray(status.releasedBlocks) && { releasedBlocks: status.releasedBlocks }),
    },
    withoutBlock: [],
    reassigned: [],
  };
}

function judge(
  { type }: Pool,
  { allocations, withoutBlock }: BlockPlan<PoolAllocation>,
  waiting: number,
): Verdict {
  const nodes = allocations.length + withoutBlock.length;
  if (withoutBlock.length === 0) {
    const message = nodes === 0 ? "no node belongs to the pool" : `${nodes} of ${nodes} nodes have a block`;
    return { reason: "Allocated", message };
  }
  const waits =
    waiting === 1 ? "1 block waits for its last node" : `${waiting} blocks wait for their last nodes`;
  const delayed = waiting === 0 ? "" : `; ${waits}`;
  return {
    reason: type === "ippool" ? "NoFreeRanges" : "NoFreePrefixes",
    message: `${withoutBlock.length} of ${nodes} nodes have no block: ${listNames(withoutBlock)}${delayed}`,
  };
}

/** Of duplicates the first entry owned the block. */
function ownersBefore(last: readonly PoolAllocation[], released: ReleasedBlocks): Map<string, string> {
  const owners = new Map([...released].map(([key, { entry }]) => [key, entry.nodeName]));
  for (const entry of last.toReversed()) {
    const key = blockKey(entry);
    if (key !== undefined) owners.set(key, entry.nodeName);
  }
  return owners;
}

function findReassigned(
  allocations: readonly PoolAllocation[],
  owners: ReadonlyMap<string, string>,
): Reassignment[] {
  return allocations.flatMap((entry) => {
    const block = blockKey(entry)!;
    const from = owners.get(block);
    return from === undefined || from === entry.nodeName ? [] : [{ block, from, to: entry.nodeName }];
  });
}

function toSafeNumber(count: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(count < most ? count : most);
}
